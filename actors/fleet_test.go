package actors

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/persistence"
)

// plans pins nothing but what a test says.
type plans struct{ check Check }

func (p plans) Plan(_ context.Context, _ inventory.Spec, _ board.Want, image string, _ map[string]string) (*Inputs, error) {
	if image == "unknown" {
		return nil, &Problem{NotFound, "there is no image unknown", "see the list"}
	}
	return &Inputs{Raw: []byte(image), Check: p.check}, nil
}

func (p plans) Open(raw []byte) (*Inputs, error) { return &Inputs{Raw: raw, Check: p.check}, nil }

func specs(n int) []inventory.Spec {
	all := make([]inventory.Spec, n)
	for i := range all {
		mac, err := inventory.ParseMAC(fmt.Sprintf("52:54:00:%02x:%02x:%02x", i>>16, i>>8&0xff, i&0xff))
		if err != nil {
			panic(err)
		}
		name := fmt.Sprintf("board%d", i+1)
		all[i] = inventory.Spec{ID: name, Name: name, MAC: mac, Rack: "r1", Hardware: "qemu-arm64", Power: fmt.Sprintf("relay%d:%d", i/14+1, i%14+1)}
	}
	return all
}

// world is a fleet with everything that it needs, in virtual time.
type world struct {
	t        *testing.T
	f        *Fleet
	rail     *rail
	journal  *persistence.Memory
	offset   atomic.Int64 // of the wall clock, in nanoseconds
	current  atomic.Pointer[Fleet]
	cfg      Config
	reported int64 // bytes that board1 said it wrote
}

func newWorld(t *testing.T, n int, change func(*Config)) *world {
	w := &world{t: t, rail: newRail(), journal: persistence.NewMemory()}
	w.cfg = Config{Journal: w.journal, Planner: plans{}, Power: w.rail, Clock: func() time.Time { return time.Now().Add(time.Duration(w.offset.Load())) },
		Probe: func(context.Context, netip.Addr, Check) error { return nil }, Racks: map[string]RackRules{"r1": {BootsAtOnce: 16}}}
	if change != nil {
		change(&w.cfg)
	}
	w.start(n)
	return w
}

func (w *world) start(n int) {
	w.f = New(w.cfg)
	w.current.Store(w.f)
	if err := w.f.Load(w.t.Context(), specs(n)); err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
}

// fleet is the one of the moment; boards of a test outlive it.
func (w *world) fleet() *Fleet { return w.current.Load() }

// restart stops the fleet and takes the boards up again from the journal.
func (w *world) restart(n int, away time.Duration) {
	w.f.Stop()
	w.offset.Add(int64(away))
	w.start(n)
}

func (w *world) wish(name string, want board.Want, image string) Answer {
	w.t.Helper()
	a, err := w.f.Wish(w.t.Context(), name, Request{Want: want, Image: image, By: "test"})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// until lets virtual time pass until the board is in state.
func (w *world) until(name string, state board.State) *View {
	w.t.Helper()
	for range 100000 {
		if v := w.f.ByName(name); v.Board.State == state {
			return v
		}
		time.Sleep(50 * time.Millisecond) // virtual
		synctest.Wait()
	}
	w.t.Fatalf("%s never came to %s; it is %+v", name, state, w.f.ByName(name).Board)
	return nil
}

// says lets the board's living boot report an event.
func (w *world) says(name string, kind board.Kind) board.Verdict {
	w.t.Helper()
	v := w.f.ByName(name)
	verdict, err := w.f.Ask(w.t.Context(), v.Spec.ID, Evidence{Input: board.Input{Kind: kind, Token: v.Board.Token, Good: true}})
	if err != nil {
		w.t.Fatal(err)
	}
	return verdict
}

// install plays a board that does everything right from booting on.
func (w *world) install(name string) {
	w.t.Helper()
	w.until(name, board.Booting)
	for _, k := range []board.Kind{board.StageRead, board.Downloads, board.Writes, board.Rebooting} {
		if v := w.says(name, k); v != board.Moved {
			w.t.Fatalf("%s answered %s", k, v)
		}
	}
	w.f.Tell(name, Evidence{Input: board.Input{Kind: board.LoaderAsked}, From: netip.MustParseAddrPort("10.0.0.7:2000")})
	w.until(name, board.Ready)
}

func TestAnImageGoesOnABoard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		w.wish("board1", board.WantImage, "v2")
		w.install("board1")
		v := w.f.ByName("board1")
		if v.Board.Card != "v2" || v.Address.String() != "10.0.0.7" || w.f.ByAddress(v.Address) == nil {
			t.Errorf("card %q, address %s", v.Board.Card, v.Address)
		}
		if w.rail.cuts[relayAt(1, 1)] != 1 || w.rail.most != 1 {
			t.Errorf("cuts %v, connections at once %d", w.rail.cuts, w.rail.most)
		}
		attempts, err := w.f.Attempts(t.Context(), "board1", 0)
		if err != nil || len(attempts) != 1 || attempts[0].Result != board.Ready || attempts[0].Image != "v2" || attempts[0].Cycles != 1 {
			t.Errorf("attempts %+v, %v", attempts, err)
		}
		history, err := w.f.History(t.Context(), "board1", 0)
		if err != nil || len(history) < 7 || history[len(history)-1].To != board.Ready {
			t.Errorf("history %+v, %v", history, err)
		}
	})
}

// TestNoEffectBeforeItsCommit: while the journal does not know, nothing is switched and nobody is told.
func TestNoEffectBeforeItsCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		var unknown atomic.Bool
		unknown.Store(true)
		w.journal.SetFaults(persistence.Faults{After: func(context.Context) error {
			if unknown.Load() {
				return persistence.ErrUnknown
			}
			return nil
		}})
		_, err := w.f.Wish(t.Context(), "board1", Request{Want: board.WantImage, Image: "v2", ID: "k"})
		var p *Problem
		if !errors.As(err, &p) || p.Kind != Unavailable {
			t.Fatalf("answered %v", err)
		}
		time.Sleep(10 * time.Second) // virtual
		if w.rail.switched() != 0 || w.f.ByName("board1").Board.State != board.New {
			t.Fatalf("%d relay calls, published %s", w.rail.switched(), w.f.ByName("board1").Board.State)
		}
		unknown.Store(false)
		w.until("board1", board.Booting)
		a, err := w.f.Wish(t.Context(), "board1", Request{Want: board.WantImage, Image: "v2", ID: "k"})
		if err != nil || !a.Repeated || a.Attempt != 1 {
			t.Errorf("the same wish again: %+v, %v", a, err)
		}
		for _, other := range []Request{{Want: board.WantImage, Image: "v1", ID: "k"}, {Want: board.WantPowerOff, ID: "k"}, {Want: board.WantImage, Image: "v2", Config: map[string]string{"a": "b"}, ID: "k"}} {
			if _, err := w.f.Wish(t.Context(), "board1", other); !errors.As(err, &p) || p.Kind != Refused || !strings.Contains(p.Text, "Idempotency-Key") {
				t.Errorf("another wish under the same id: %v", err)
			}
		}
		order := Order{Kind: board.SetLock, By: "ann", ID: "l"}
		if _, err := w.f.Do(t.Context(), "board1", order); err != nil {
			t.Error(err)
		}
		if _, err := w.f.Do(t.Context(), "board1", Order{Kind: board.Unlock, ID: "u"}); err != nil {
			t.Error(err)
		}
		if a, err := w.f.Do(t.Context(), "board1", order); err != nil || !a.Repeated || w.f.ByName("board1").Board.Lock != nil {
			t.Errorf("the same order again: %+v, %v", a, err)
		}
	})
}

// TestAnOpenChangeStaysOpen: a change that may be stored is not given up because a later try was certainly not. The board
// would be judged by what it was before, and refuse who has seen, at another server, what it is.
func TestAnOpenChangeStaysOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		visit := w.f.ByName("board1").Board.Visit
		var down atomic.Bool
		w.journal.SetFaults(persistence.Faults{
			Before: func(context.Context) error {
				if down.Load() {
					return persistence.ErrUnavailable
				}
				return nil
			},
			After: func(context.Context) error {
				down.Store(true) // the answer is lost, and so is the way to the journal
				return persistence.ErrUnknown
			},
		})
		set := func(visit uint64, to board.State) error {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			_, err := w.f.Do(ctx, "board1", Order{Kind: board.SetState, Visit: visit, To: to})
			return err
		}
		var p *Problem
		if err := set(visit, board.LockedOut); !errors.As(err, &p) || p.Kind != Unavailable {
			t.Fatalf("answered %v", err)
		}
		time.Sleep(10 * time.Second) // virtual: several tries
		if err := set(visit+1, board.Troubleshooting); !errors.As(err, &p) || p.Kind != Unavailable {
			t.Errorf("who has seen the stored state is answered %v", err)
		}
		w.journal.SetFaults(persistence.Faults{})
		w.until("board1", board.Troubleshooting) // what waited behind it is carried out
	})
}

// TestAFullDiskLosesNothing: wishes are refused, boards stay as they are, and go on by themselves afterwards.
func TestAFullDiskLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.f.Stop()
		w.wish("board1", board.WantImage, "v2")
		w.until("board1", board.Booting)
		var full atomic.Bool
		full.Store(true)
		w.journal.SetFaults(persistence.Faults{Before: func(context.Context) error {
			if full.Load() {
				return persistence.ErrUnavailable
			}
			return nil
		}})
		if _, err := w.f.Wish(t.Context(), "board2", Request{Want: board.WantPowerCycle}); err == nil {
			t.Error("a wish was acknowledged that nothing stored")
		}
		time.Sleep(5 * time.Minute) // virtual; the limit of booting runs out
		synctest.Wait()
		if v := w.f.ByName("board1"); v.Board.State != board.Booting {
			t.Errorf("moved to %s without a commit", v.Board.State)
		}
		full.Store(false)
		if v := w.cycled(2); v.Board.Tries[board.Booting] != 0 {
			t.Errorf("did not go on by itself: %+v", v.Board)
		}
	})
}

// TestRestartGoesOn: from booting on a restart cuts nobody, keeps the boot's token, and arms the limits again.
func TestRestartGoesOn(t *testing.T) {
	for _, upTo := range []board.Kind{board.InitStarted, board.Downloads, board.Writes} {
		t.Run(string(upTo), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1, nil)
				w.wish("board1", board.WantImage, "v2")
				before := w.until("board1", board.Booting)
				for _, k := range []board.Kind{board.InitStarted, board.Downloads, board.Writes} {
					if w.says("board1", k); k == upTo {
						break
					}
				}
				w.restart(1, time.Hour)
				defer w.f.Stop()
				v := w.f.ByName("board1")
				if v.Board.Token != before.Board.Token || w.f.ByToken(before.Board.Token) != v || string(v.Inputs.Raw) != "v2" {
					t.Fatalf("boot or inputs lost: %+v", v)
				}
				w.says("board1", board.Writes)
				if got := w.says("board1", board.Rebooting); got != board.Moved {
					t.Fatalf("rebooting answered %s", got)
				}
				w.f.Tell("board1", Evidence{Input: board.Input{Kind: board.LoaderAsked}})
				w.until("board1", board.Ready)
				if cuts := w.rail.cuts[relayAt(1, 1)]; cuts != 1 {
					t.Errorf("cut %d times", cuts)
				}
			})
		})
	}
}

// TestPowerBudget: never more boards than places between cut and live environment, in the order in which they asked.
func TestPowerBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 6, func(c *Config) { c.Racks["r1"] = RackRules{BootsAtOnce: 2} })
		defer w.f.Stop()
		for i := range 6 {
			w.wish(fmt.Sprintf("board%d", i+1), board.WantImage, "v2")
			time.Sleep(10 * time.Millisecond) // virtual; the order of asking
		}
		if q := w.f.ByName("board6").Queue; q != 4 {
			t.Errorf("board6 is number %d in the queue", q)
		}
		for i := range 6 {
			held := 0
			for _, v := range w.f.Views() {
				if v.Board.State.HoldsPlace() {
					held++
				}
			}
			if held > 2 {
				t.Fatalf("%d boards hold places", held)
			}
			w.install(fmt.Sprintf("board%d", i+1))
		}
	})
}

// TestRelayBoardInTrouble: an unreachable relay board is asked again until it is back, one connection at a time.
func TestRelayBoardInTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 14, nil)
		defer w.f.Stop()
		w.rail.setFail(errors.New("connect: no route to host"))
		for i := range 14 {
			w.wish(fmt.Sprintf("board%d", i+1), board.WantPowerCycle, "")
		}
		time.Sleep(30 * time.Second) // virtual
		if r := w.f.Relays(); len(r) != 1 || r[0].State != "unreachable" || r[0].Error == "" || len(r[0].Boards) != 14 {
			t.Errorf("relay boards %+v", r)
		}
		w.rail.setFail(nil)
		for i := range 14 {
			w.until(fmt.Sprintf("board%d", i+1), board.Restarting)
		}
		if w.rail.most != 1 {
			t.Errorf("%d connections at once", w.rail.most)
		}
	})
}

func TestProblems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		w.wish("board1", board.WantPowerOff, "")
		w.until("board1", board.Off)
		for name, c := range map[string]struct {
			do   func() error
			kind ProblemKind
		}{
			"no such board": {func() error { _, err := w.f.Wish(t.Context(), "b9", Request{}); return err }, NotFound},
			"no such image": {func() error {
				_, err := w.f.Wish(t.Context(), "board1", Request{Want: board.WantImage, Image: "unknown"})
				return err
			}, NotFound},
			"cancel at rest": {func() error { _, err := w.f.Do(t.Context(), "board1", Order{Kind: board.Cancel}); return err }, Refused},
			"old visit": {func() error {
				_, err := w.f.Do(t.Context(), "board1", Order{Kind: board.SetState, To: board.Ready, Visit: 1})
				return err
			}, Mismatch},
			"no state": {func() error {
				_, err := w.f.Do(t.Context(), "board1", Order{Kind: board.SetState, To: "x"})
				return err
			}, BadRequest},
			"no order": {func() error { _, err := w.f.Do(t.Context(), "board1", Order{Kind: board.Wish}); return err }, BadRequest},
		} {
			var p *Problem
			if err := c.do(); !errors.As(err, &p) || p.Kind != c.kind || p.Text == "" || p.Remedy == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestApply: boards come, change and go without a restart.
func TestApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3, nil)
		defer w.f.Stop()
		list := specs(4)[1:]
		list[0].Name = "renamed"
		if err := w.f.Apply(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if w.f.ByName("board1") != nil || w.f.ByName("board2") != nil || w.f.ByName("renamed") == nil || w.f.ByName("board4") == nil {
			t.Errorf("boards %v", w.f.Views())
		}
		w.wish("renamed", board.WantPowerOff, "")
		w.until("renamed", board.Off)
	})
}

func TestStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		for i := range maxStrangers + 5 {
			mac, err := inventory.ParseMAC(fmt.Sprintf("02:00:00:00:%02x:%02x", i/256, i%256))
			if err != nil {
				t.Fatal(err)
			}
			w.f.Stranger(mac, netip.MustParseAddr("10.0.0.9"), "r1")
			time.Sleep(time.Second) // virtual
		}
		s := w.f.Strangers()
		if len(s) != maxStrangers || s[0].MAC != "02:00:00:00:03:ec" {
			t.Errorf("%d strangers, the first %+v", len(s), s[0])
		}
	})
}
