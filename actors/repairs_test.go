package actors

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
)

// TestRepaired: a board that failed is repaired, verified by its last image, and who did it is kept, also over a restart.
func TestRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer func() { w.f.Stop() }()
		w.wish("board1", board.WantImage, "v2")
		w.until("board1", board.FailedBoot) // nobody boots
		list := w.f.RepairList()
		if len(list) != 1 || list[0].Board != "board1" || list[0].Part != board.PartBoard || list[0].Take == "" || list[0].Remedy == "" {
			t.Errorf("to repair: %+v", list)
		}
		var p *Problem
		if _, err := w.f.Repaired(t.Context(), "board1", RepairOrder{Part: board.PartServer, By: "ann"}); !errors.As(err, &p) || p.Kind != BadRequest {
			t.Errorf("a part that nobody mends: %v", err)
		}
		if _, err := w.f.Repaired(t.Context(), "board1", RepairOrder{Part: board.PartCard, By: "ann", Image: "unknown"}); err == nil || w.f.ByName("board1").Board.State != board.FailedBoot {
			t.Errorf("an image that nobody knows: %v", err)
		}
		a, err := w.f.Repaired(t.Context(), "board1", RepairOrder{Part: board.PartCard, By: "ann", Note: "64 GB", ID: "k"})
		if err != nil || a.Attempt != 2 {
			t.Fatalf("%+v, %v", a, err)
		}
		if again, err := w.f.Repaired(t.Context(), "board1", RepairOrder{Part: board.PartCard, By: "ann", Note: "64 GB", ID: "k"}); err != nil || !again.Repeated || again.Attempt != a.Attempt {
			t.Errorf("said twice: %+v, %v", again, err)
		}
		if _, err := w.f.Repaired(t.Context(), "board1", RepairOrder{Part: board.PartCard, By: "ann"}); !errors.As(err, &p) || p.Kind != Refused {
			t.Errorf("repaired at work: %v", err)
		}
		w.until("board1", board.FailedBoot) // it is not the card either
		if list := w.f.RepairList(); len(list) != 1 || list[0].Before != "" {
			t.Errorf("the board itself was never repaired: %+v", list)
		}
		for range 2 {
			if _, err := w.f.Repaired(t.Context(), "board1", RepairOrder{Part: board.PartBoard, By: "bob"}); err != nil {
				t.Fatal(err)
			}
			w.until("board1", board.FailedBoot)
			if list := w.f.RepairList(); len(list) != 1 || list[0].Before != "2000-01-01 by bob" {
				t.Errorf("repaired before: %+v", list)
			}
		}
		w.wish("board1", board.WantImage, "v2")
		w.install("board1")
		if v := w.f.ByName("board1"); v.Board.Card != "v2" || len(w.f.RepairList()) != 0 {
			t.Errorf("card %q, %+v", v.Board.Card, w.f.RepairList())
		}
		w.restart(2, 0)
		done, err := w.f.Repairs(t.Context(), "board1")
		if err != nil || len(done) != 3 || done[2].By != "ann" || done[2].Note != "64 GB" || done[2].State != board.FailedBoot || done[2].Attempt != 1 {
			t.Errorf("%+v, %v", done, err)
		}
		if _, err := w.f.Repaired(t.Context(), "board2", RepairOrder{Part: board.PartBoard, By: "ann", Image: NoImage}); err != nil {
			t.Error(err)
		}
		if v := w.f.ByName("board2"); v.Board.Want != board.WantPowerCycle {
			t.Errorf("without an image it is asked for %q", v.Board.Want)
		}
	})
}

// TestRepairedWiring ends the incident of the crossed boards.
func TestRepairedWiring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3, nil)
		defer w.f.Stop()
		w.f.reportCrossed("r1", "board1", "board2")
		if list := w.f.RepairList(); len(list) != 2 || list[0].Part != board.PartWiring {
			t.Errorf("%+v", list)
		}
		if _, err := w.f.Repaired(t.Context(), "board2", RepairOrder{Part: board.PartWiring, By: "ann", Image: NoImage}); err != nil {
			t.Error(err)
		}
		if i := w.f.Incidents(); len(i) != 1 || i[0].ClosedBy != "ann" {
			t.Errorf("%+v", i)
		}
	})
}

// TestToRepair: what a technician takes along, for each way to fail.
func TestToRepair(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	failed := func(s board.State, p board.Part, text string) *View {
		return &View{Spec: inventory.Spec{Name: "b"}, Board: board.Board{State: s, Blame: &board.Blame{Part: p, Text: text}}}
	}
	for _, part := range []board.Part{board.PartBoard, board.PartCard, board.PartRelay, board.PartWiring, board.PartNetwork, board.PartImage, board.PartServer} {
		r, ok := toRepair(failed(board.FailedInstall, part, "because"), nil, "")
		if !ok || r.Part != part || r.Why != "because" || r.Take == "" || r.Remedy == "" {
			t.Errorf("%s: %+v, %t", part, r, ok)
		}
	}
	sick := &View{Board: board.Board{State: board.Ready}, Health: Health{At: now, Text: "no answer to ping"}}
	if r, ok := toRepair(sick, nil, ""); !ok || r.Part != board.PartBoard {
		t.Errorf("a sick board: %+v, %t", r, ok)
	}
	if r, ok := toRepair(&View{Board: board.Board{State: board.Ready}}, nil, "writes slowly"); !ok || r.Part != board.PartCard || r.Why != "writes slowly" {
		t.Errorf("a worn card: %+v, %t", r, ok)
	}
	for _, v := range []*View{{Board: board.Board{State: board.Ready}}, failed(board.Booting, board.PartCard, "x"), {Board: board.Board{State: board.Ready}, Health: Health{OK: true, At: now}}} {
		if r, ok := toRepair(v, nil, ""); ok {
			t.Errorf("%s is to be repaired: %+v", v.Board.State, r)
		}
	}
}

func TestNaturally(t *testing.T) {
	t.Parallel()
	want := []string{"", "chassis 1 slot 1", "chassis 1 slot 2", "chassis 1 slot 10", "chassis 02 slot 1", "chassis 10", "shelf"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, naturally)
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
