package lease

import (
	"strings"
	"testing"
	"time"
)

func TestWhoGetsARack(t *testing.T) {
	t.Parallel()
	const now = 100 * time.Second
	order := []string{"s1", "s2", "s3"}
	lease := func(server string, change func(*Lease)) Lease {
		l := Lease{Rack: "r1", Server: server, Incarnation: 1, Epoch: 4}
		change(&l)
		return l
	}
	asIs := func(*Lease) {}
	tests := []struct {
		name  string
		lease Lease
		heard string // servers heard just now
		want  string
	}{
		{"holder lives", lease("s2", asIs), "s1 s2 s3", ""},
		{"new rack goes to the preferred", Lease{}, "s2 s1", "s1"},
		{"new rack, preferred is silent", Lease{}, "s3 s2", "s2"},
		{"nobody lives", lease("s2", asIs), "", ""},
		{"holder is silent", lease("s2", asIs), "s3", "s3"},
		{"released: the preferred", lease("s3", func(l *Lease) { l.Released = true }), "s1 s2 s3", "s1"},
		{"released to somebody", lease("s1", func(l *Lease) { l.Released, l.To = true, "s3" }), "s1 s2 s3", "s3"},
		{"released to one who is silent", lease("s1", func(l *Lease) { l.Released, l.To = true, "s3" }), "s2", "s2"},
		{"its next process", lease("s3", func(l *Lease) { l.Incarnation = 0 }), "s1 s3", "s3"},
		{"taken out of the order, silent", lease("s9", asIs), "s2", "s2"},
	}
	for _, tt := range tests {
		w := NewWatch()
		s := State{map[string]Session{}, map[string]Lease{"r1": tt.lease}}
		for _, server := range append(order, "s9") {
			s.Sessions[server] = Session{server, 1, 1}
		}
		w.Won(s, now-Silence)
		w.looked = now
		for _, server := range strings.Fields(tt.heard) {
			w.Renewed(server, now)
		}
		got := ""
		for _, g := range w.Grants(s, map[string][]string{"r1": order}, now) {
			got += g.Server
		}
		if got != tt.want {
			t.Errorf("%s: to %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A leader that was stopped cannot tell its own silence from the others'.
func TestAfterItsOwnPauseTheLeaderCountsAnew(t *testing.T) {
	t.Parallel()
	w := NewWatch()
	s := State{map[string]Session{"s1": {"s1", 1, 1}, "s2": {"s2", 1, 1}}, map[string]Lease{"r1": {Rack: "r1", Server: "s1", Incarnation: 1, Epoch: 1}}}
	orders := map[string][]string{"r1": {"s1", "s2"}}
	now := time.Second
	w.Won(s, now)
	now += 10 * time.Second // stopped
	if got := w.Grants(s, orders, now); got != nil {
		t.Errorf("gave away after its own pause: %+v", got)
	}
	for end := now + Silence; now < end-Pause/2; {
		now += Pause / 2
		w.Renewed("s2", now)
		if got := w.Grants(s, orders, now); now < end && got != nil {
			t.Errorf("gave away %s early: %+v", end-now, got)
		}
	}
	if got := w.Grants(s, orders, now+Pause/2); len(got) != 1 || got[0].Server != "s2" {
		t.Errorf("did not give away after silence: %+v", got)
	}
}

func TestHandBackWaitsForALastingReturn(t *testing.T) {
	t.Parallel()
	w := NewWatch()
	order := []string{"s1", "s2"}
	const holdOff = 30 * time.Second
	start := 100 * time.Second
	for now := start; now < start+holdOff; now += time.Second {
		w.Renewed("s1", now)
		if got := w.HandBack(order, "s2", holdOff, now); got != "" {
			t.Fatalf("handed to %s after %s", got, now-start)
		}
	}
	back := start + holdOff
	w.Renewed("s1", back)
	if got := w.HandBack(order, "s2", holdOff, back); got != "s1" {
		t.Errorf("after the hold-off: %q", got)
	}
	if got := w.HandBack(order, "s1", holdOff, back); got != "" {
		t.Errorf("the preferred hands to %q", got)
	}
	gap := back + Silence + time.Second
	w.Renewed("s1", gap)
	if got := w.HandBack(order, "s2", holdOff, gap); got != "" {
		t.Errorf("after a gap: %q", got)
	}
}
