package actors

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/synctest"

	"mozpool/actors/board"
)

// Labels that people give outlive the process; those of the inventory are the inventory's to change, and hold where both
// name one.
func TestLabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer func() { w.f.Stop() }()
		text := func(s string) *string { return &s }
		give := func(labels map[string]*string) error {
			_, err := w.f.Do(t.Context(), "board1", Order{Kind: board.Relabel, By: "ann", Labels: labels})
			return err
		}
		if err := give(map[string]*string{"owner": text("ann"), "pool": text("mine")}); err != nil {
			t.Fatal(err)
		}
		for label, value := range map[string]*string{"a b": text("x"), "c": text("x,y"), "d": text("\x1b")} {
			var p *Problem
			if err := give(map[string]*string{label: value}); !errors.As(err, &p) || p.Kind != BadRequest {
				t.Errorf("%s: %v", label, err)
			}
		}
		w.restart(1, 0)
		if got := w.f.ByName("board1").Labels(); !maps.Equal(got, map[string]string{"owner": "ann", "pool": "mine"}) {
			t.Errorf("after a restart: %v", got)
		}
		all := specs(1)
		all[0].Labels, all[0].Source = map[string]string{"pool": "ci"}, "boards.yaml"
		if err := w.f.Apply(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := w.f.ByName("board1").Labels(); !maps.Equal(got, map[string]string{"owner": "ann", "pool": "ci"}) {
			t.Errorf("beside the inventory's: %v", got)
		}
		var p *Problem
		if err := give(map[string]*string{"pool": nil}); !errors.As(err, &p) || p.Kind != Refused || !strings.Contains(p.Remedy, "boards.yaml") {
			t.Errorf("the inventory's label: %v", err)
		}
	})
}
