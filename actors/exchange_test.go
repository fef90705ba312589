package actors

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
)

const newBoard = inventory.MAC("52:54:00:aa:00:01")

// A board that a technician exchanged is found by its new MAC address and switched by its new relay at once, over restarts,
// and until the inventory says something else.
func TestExchanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer func() { w.f.Stop() }()
		w.wish("board1", board.WantImage, "v2")
		w.until("board1", board.FailedBoot)
		old := w.f.ByName("board1").Spec
		o := RepairOrder{Part: board.PartBoard, By: "ann", MAC: "52-54-00-AA-00-01", Power: "relay7:3"}
		if _, err := w.f.Repaired(t.Context(), "board1", o); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		check := func(when string) {
			t.Helper()
			v := w.f.ByMAC(newBoard)
			if v == nil || v.Spec.Name != "board1" || v.Spec.Power != "relay7:3" || v.Listed == nil || !v.Listed.Equal(old) {
				t.Fatalf("%s: %+v", when, v)
			}
			if w.f.ByMAC(old.MAC) != nil {
				t.Errorf("%s: the board that was carried away is still found", when)
			}
		}
		check("at once")
		w.install("board1")
		if w.rail.cutsOf(relayAt(7, 3)) == 0 {
			t.Error("the new relay was not switched")
		}
		w.restart(2, 0)
		check("after a restart")
		mirror := New(w.cfg)
		defer mirror.Stop()
		if err := mirror.Mirror(t.Context(), specs(2)); err != nil {
			t.Fatal(err)
		}
		if v := mirror.ByMAC(newBoard); v == nil || v.Listed == nil {
			t.Errorf("another server shows %+v", v)
		}

		all := specs(2)
		all[0].Place = "shelf 3"
		if err := w.f.Apply(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		old = all[0]
		check("after a change of something else")
		all[0].MAC, all[0].Power = newBoard, "relay7:3"
		if err := w.f.Apply(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if v := w.f.ByMAC(newBoard); v == nil || v.Listed != nil {
			t.Errorf("the inventory has followed: %+v", v)
		}
		w.wish("board1", board.WantPowerCycle, "")
		if v := w.f.ByName("board1"); v.Board.Exchange != nil {
			t.Errorf("what the inventory has followed is kept: %+v", v.Board.Exchange)
		}
	})
}

// A source that comes to say a third thing is believed, as is one that gives the address to another board.
func TestExchangedAndOverruled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer func() { w.f.Stop() }()
		if _, err := w.f.Repaired(t.Context(), "board1", RepairOrder{Part: board.PartBoard, By: "ann", Image: NoImage, MAC: string(newBoard)}); err != nil {
			t.Fatal(err)
		}
		all := specs(2)
		all[1].MAC = newBoard
		if err := w.f.Apply(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		if v := w.f.ByMAC(newBoard); v == nil || v.Spec.Name != "board2" {
			t.Errorf("the address of two boards is that of %+v", v)
		}
		third, _ := inventory.ParseMAC("52:54:00:bb:00:01")
		all[0].MAC = third
		if err := w.f.Apply(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		if v := w.f.ByMAC(third); v == nil || v.Spec.Name != "board1" || v.Listed != nil {
			t.Errorf("%+v", v)
		}
	})
}

func TestExchangeRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 16, nil)
		defer func() { w.f.Stop() }()
		other := inventory.Spec{ID: "far", Name: "far", MAC: "52:54:00:cc:00:01", Rack: "r2", Hardware: "qemu-arm64", Power: "relay9:1"}
		if err := w.f.Apply(t.Context(), append(specs(16), other)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for name, c := range map[string]struct {
			o    RepairOrder
			kind ProblemKind
			says string
		}{
			"a MAC address that is none":  {RepairOrder{Part: board.PartBoard, MAC: "52:54"}, BadRequest, "MAC address"},
			"that of another board":       {RepairOrder{Part: board.PartBoard, MAC: "52:54:00:00:00:01"}, Refused, "is that of board board2"},
			"a card with a MAC address":   {RepairOrder{Part: board.PartCard, MAC: string(newBoard)}, BadRequest, "a card brings no other MAC address"},
			"a card with a switch":        {RepairOrder{Part: board.PartCard, Power: "relay1:9"}, BadRequest, "a card brings no other switch"},
			"a switch of another board":   {RepairOrder{Part: board.PartRelay, Power: "relay1:2"}, Refused, "switches board board2"},
			"a relay board of a far rack": {RepairOrder{Part: board.PartWiring, Power: "relay9:5"}, Refused, "that of rack r2"},
			"a line without end":          {RepairOrder{Part: board.PartRelay, Power: "relay7:1" + strings.Repeat(" ", 200)}, BadRequest, "more than 128 bytes"},
		} {
			c.o.By, c.o.Image = "ann", NoImage
			var p *Problem
			if _, err := w.f.Repaired(t.Context(), "board1", c.o); !errors.As(err, &p) || p.Kind != c.kind || !strings.Contains(p.Text, c.says) || p.Remedy == "" {
				t.Errorf("%s: %v", name, err)
			}
			if err := w.f.Exchangeable("board1", c.o); err == nil {
				t.Errorf("%s: another server lets it through", name)
			}
		}
		if v := w.f.ByName("board1"); v.Board.Exchange != nil || v.Board.State != board.New || v.Address != (netip.Addr{}) {
			t.Errorf("something was changed: %+v", v.Board)
		}
	})
}
