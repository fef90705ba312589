package board

import (
	"maps"
	"strings"
	"testing"
	"time"
)

func TestRelabel(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	b := NewBoard(time.Unix(0, 0))
	b.Lock = &Lock{Who: "bob"}
	for _, c := range []struct {
		name    string
		change  map[string]*string
		verdict Verdict
		want    map[string]string
	}{
		{"set two", map[string]*string{"pool": text("ci"), "owner": text("ann")}, Noted, map[string]string{"pool": "ci", "owner": "ann"}},
		{"the same again", map[string]*string{"pool": text("ci")}, Repeated, map[string]string{"pool": "ci", "owner": "ann"}},
		{"change one, take one off", map[string]*string{"pool": text(""), "owner": nil}, Noted, map[string]string{"pool": ""}},
		{"take off what is not there", map[string]*string{"owner": nil}, Repeated, map[string]string{"pool": ""}},
		{"too much", map[string]*string{"long": text(strings.Repeat("x", maxLabels))}, Refused, map[string]string{"pool": ""}},
		{"as much as fits", map[string]*string{"long": text(strings.Repeat("x", maxLabels-8)), "pool": text("")}, Noted,
			map[string]string{"pool": "", "long": strings.Repeat("x", maxLabels-8)}},
		{"all off", map[string]*string{"pool": nil, "long": nil}, Noted, nil},
	} {
		before := maps.Clone(b.Labels)
		r := Step(b, Input{Kind: Relabel, Labels: c.change})
		if r.Verdict != c.verdict || !maps.Equal(r.Board.Labels, c.want) || r.Store != (c.verdict == Noted) {
			t.Errorf("%s: %v, stored %t, %v", c.name, r.Verdict, r.Store, r.Board.Labels)
		}
		if !maps.Equal(b.Labels, before) || r.Board.Visit != b.Visit || len(r.Effects) > 0 {
			t.Errorf("%s: the board before became %v, or something moved", c.name, b.Labels)
		}
		b = r.Board
	}
}
