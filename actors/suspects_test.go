package actors

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
)

// TestJudge: three boards that work otherwise, one state, and nobody with whom it went well since.
func TestJudge(t *testing.T) {
	t.Parallel()
	bad := func(name string, s board.State) fate { return fate{name, s, board.PartImage, true} }
	ready := fate{"b9", board.Ready, "", true}
	for name, c := range map[string]struct {
		all  []fate
		want []string
	}{
		"nothing":                {nil, nil},
		"three":                  {[]fate{bad("b3", board.FailedLive), bad("b1", board.FailedLive), bad("b2", board.FailedLive)}, []string{"b1", "b2", "b3"}},
		"two":                    {[]fate{bad("b3", board.FailedLive), bad("b1", board.FailedLive)}, nil},
		"one board three times":  {[]fate{bad("b1", board.FailedLive), bad("b1", board.FailedLive), bad("b1", board.FailedLive)}, nil},
		"different states":       {[]fate{bad("b1", board.FailedLive), bad("b2", board.FailedInstall), bad("b3", board.FailedVerify)}, nil},
		"it worked since":        {[]fate{bad("b1", board.FailedLive), bad("b2", board.FailedLive), ready, bad("b3", board.FailedLive)}, nil},
		"it worked before":       {[]fate{ready, bad("b1", board.FailedVerify), bad("b2", board.FailedVerify), bad("b3", board.FailedVerify)}, []string{"b1", "b2", "b3"}},
		"boards that never work": {[]fate{{"b1", board.FailedLive, board.PartCard, false}, {"b2", board.FailedLive, board.PartCard, false}, {"b3", board.FailedLive, board.PartCard, false}}, nil},
		"the network":            {[]fate{{"b1", board.FailedInstall, board.PartNetwork, true}, {"b2", board.FailedInstall, board.PartNetwork, true}, {"b3", board.FailedInstall, board.PartNetwork, true}}, nil},
		"never booted":           {[]fate{bad("b1", board.FailedBoot), bad("b2", board.FailedBoot), bad("b3", board.FailedBoot)}, nil},
	} {
		if _, got := judge(c.all); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestSuspectImage: after three boards that an image broke, the others wait, wishes for it are refused, and all goes on
// once a person has cleared it. A restart changes nothing.
func TestSuspectImage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 5, nil)
		defer func() { w.f.Stop() }()
		breaks := func(name string, ends board.State) {
			for w.f.ByName(name).Board.State != ends {
				w.until(name, board.Booting)
				w.says(name, board.StageRead)
				token := w.f.ByName(name).Board.Token
				if _, err := w.f.Ask(t.Context(), name, Evidence{Input: board.Input{Kind: board.ScriptFailed, Token: token, Part: board.PartImage, Text: "no such device"}}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(5 * time.Second) // virtual; dark, and on again
				synctest.Wait()
			}
		}
		for _, name := range some(1, 5) {
			w.wish(name, board.WantImage, "v1")
			w.install(name)
		}
		for _, name := range some(1, 4) {
			w.wish(name, board.WantImage, "v2")
		}
		for _, name := range some(1, 3) {
			breaks(name, board.FailedLive)
		}
		i := w.f.Incidents()
		if len(i) != 1 || i[0].Kind != IncidentImage || !slices.Equal(i[0].Boards, some(1, 3)) {
			t.Fatalf("%+v", i)
		}
		if s := w.f.ByName("board1").Spec; i[0].ImageOf() != "v2" || i[0].HardwareOf() != s.Hardware || i[0].Rack != s.Rack {
			t.Errorf("%s on %s in %s", i[0].ImageOf(), i[0].HardwareOf(), i[0].Rack)
		}
		w.restart(5, time.Minute)
		breaks("board4", board.Waiting)
		if v := w.f.ByName("board4"); v.Board.WaitingFor != board.ForImage {
			t.Errorf("waits for %s", v.Board.WaitingFor)
		}
		why, err := w.f.Why("board4")
		if err != nil || why.Remedy == "" {
			t.Errorf("%+v, %v", why, err)
		}
		var p *Problem
		if _, err := w.f.Wish(t.Context(), "board5", Request{Want: board.WantImage, Image: "v2"}); !errors.As(err, &p) || p.Kind != Refused {
			t.Errorf("a suspect image was taken: %v", err)
		}
		if _, err := w.f.ForeseeWish(t.Context(), "board5", Request{Want: board.WantImage, Image: "v2"}); !errors.As(err, &p) || p.Kind != Refused {
			t.Errorf("a suspect image would be taken: %v", err)
		}
		if _, err := w.f.Wish(t.Context(), "board5", Request{Want: board.WantImage, Image: "v2", Force: true}); err != nil {
			t.Errorf("forced: %v", err)
		}
		if _, err := w.f.ClearImage("v1", "ann"); !errors.As(err, &p) || p.Kind != NotFound {
			t.Errorf("cleared what is not suspect: %v", err)
		}
		if closed, err := w.f.ClearImage("v2", "ann"); err != nil || len(closed) != 1 {
			t.Errorf("%+v, %v", closed, err)
		}
		for _, name := range some(4, 5) {
			w.install(name)
		}
		if got := fmt.Sprint(w.f.ByName("board4").Board.Card); got != "v2" {
			t.Errorf("card %s", got)
		}
	})
}
