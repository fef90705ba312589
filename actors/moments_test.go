package actors

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence/trail"
)

// sheets are Trails in memory.
type sheets struct {
	mu    sync.Mutex
	lines map[string][][]byte
	ends  []string
}

func newSheets() *sheets { return &sheets{lines: make(map[string][][]byte)} }

func sheet(board string, attempt uint32) string { return fmt.Sprintf("%s/%d", board, attempt) }

func (s *sheets) Append(l trail.Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := sheet(l.Board, l.Attempt)
	s.lines[k] = append(s.lines[k], l.Data)
}

func (s *sheets) End(board string, attempt uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends = append(s.ends, sheet(board, attempt))
}

func (s *sheets) Read(board string, attempt uint32) ([][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines[sheet(board, attempt)]), nil
}

// story is an attempt in a few words a moment.
func (w *world) story(name string, attempt uint32) string {
	w.t.Helper()
	all, err := w.f.Moments(w.t.Context(), name, attempt)
	if err != nil {
		w.t.Fatal(err)
	}
	var words []string
	for _, m := range all {
		switch m.What {
		case MomentMove:
			words = append(words, fmt.Sprintf("%s>%s", m.From, m.To))
		case MomentEffect:
			words = append(words, "do:"+string(m.Effect))
		case MomentTransfer:
			words = append(words, fmt.Sprintf("%s:%d/%d", m.Artifact, m.Done, m.Total))
		case MomentInput:
			words = append(words, string(m.Kind))
			if m.Times > 0 {
				words[len(words)-1] += fmt.Sprintf("×%d", m.Times)
			}
		}
	}
	return strings.Join(words, " ")
}

func TestAnAttemptIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := newSheets()
		w := newWorld(t, 1, func(c *Config) { c.Trails = kept })
		defer w.f.Stop()
		w.wish("board1", board.WantImage, "v2")
		v := w.until("board1", board.Booting)
		for range 3 {
			w.f.Tell("board1", Evidence{Input: board.Input{Kind: board.LoaderAsked}, From: netip.MustParseAddrPort("10.0.0.7:2000")})
		}
		for _, k := range []board.Kind{board.StageRead, board.Downloads} {
			w.says("board1", k)
		}
		for _, done := range []int64{10, 50, 99, 100} {
			w.f.Report("board1", v.Board.Token, Progress{Artifact: "disk", Done: done, Total: 100})
			synctest.Wait()
		}
		for _, k := range []board.Kind{board.Writes, board.Rebooting} {
			w.says("board1", k)
		}
		w.f.Tell("board1", Evidence{Input: board.Input{Kind: board.LoaderAsked}, From: netip.MustParseAddrPort("10.0.0.7:2000")})
		w.until("board1", board.Ready)
		want := "wish new>cutting do:make_off power_is_off cutting>powering do:make_on power_is_on powering>booting " +
			"loader_asked loader_asked×2 stage_read booting>live downloading live>downloading disk:10/100 disk:100/100 " +
			"writing downloading>writing rebooting writing>restarting loader_asked restarting>verifying do:probe probe_ok verifying>ready"
		if got := w.story("board1", 1); got != want {
			t.Errorf("the attempt is told as\n%s\nwant\n%s", got, want)
		}
		if want := []string{"board1/1"}; !slices.Equal(kept.ends, want) {
			t.Errorf("ended are %v, want %v", kept.ends, want)
		}
		w.f.Tell("board1", Evidence{Input: board.Input{Kind: board.LoaderAsked}, From: netip.MustParseAddrPort("10.0.0.7:2000")})
		synctest.Wait()
		if got := w.story("board1", 1); got != want {
			t.Errorf("a resting board adds to its attempt: %s", got)
		}
	})
}

func TestAFailedVisitIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(c *Config) { c.Trails = newSheets() })
		defer w.f.Stop()
		w.wish("board1", board.WantImage, "v2")
		w.until("board1", board.FailedBoot)
		all, err := w.f.Moments(t.Context(), "board1", 1)
		if err != nil {
			t.Fatal(err)
		}
		var failed []Moment
		for _, m := range all {
			if m.What == MomentMove && m.Part != "" {
				failed = append(failed, m)
			}
		}
		if len(failed) == 0 {
			t.Fatalf("no failed visit is told in %v", all)
		}
		last := failed[len(failed)-1]
		if last.To != board.FailedBoot || last.Tries != last.Allowed || last.Tries != len(failed) || last.Text == "" || last.Until != (time.Time{}) {
			t.Errorf("the last of %d failed visits is %+v", len(failed), last)
		}
		if first := failed[0]; first.Tries != 1 || first.Until.IsZero() || first.Kind != board.Timeout {
			t.Errorf("the first failed visit is %+v", first)
		}
	})
}

func TestWithoutTrails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		w.wish("board1", board.WantPowerOff, "")
		w.until("board1", board.Off)
		if got := w.story("board1", 1); got != "" {
			t.Errorf("told %q", got)
		}
		if _, err := w.f.Moments(t.Context(), "nobody", 1); err == nil {
			t.Error("a board that is not there has details")
		}
	})
}

// What figures are made of: transitions and the relay's answers, without texts; of attempts and boards that are not
// there, nothing.
func TestDetailsOfAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(c *Config) { c.Trails = newSheets() })
		defer w.f.Stop()
		w.wish("board1", board.WantImage, "v2")
		w.until("board1", board.FailedBoot)
		all, err := w.f.Details(t.Context(), []AttemptOf{{"nobody", 1}, {"board1", 2}, {"board1", 1}})
		if err != nil || len(all) != 1 || all[0].AttemptOf != (AttemptOf{"board1", 1}) {
			t.Fatalf("%+v, %v", all, err)
		}
		moves, answers, failed := 0, 0, 0
		for _, m := range all[0].Moments {
			if m.Text != "" {
				t.Errorf("a text is handed out: %+v", m)
			}
			switch {
			case m.What == MomentMove && m.Part != "":
				failed++
			case m.What == MomentMove:
				moves++
			case m.Took > 0:
				answers++
			default:
				t.Errorf("%+v is no figure", m)
			}
		}
		if moves == 0 || answers == 0 || failed != 6 {
			t.Errorf("%d transitions, %d failed visits, %d answers", moves, failed, answers)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := w.f.Details(ctx, []AttemptOf{{"board1", 1}}); err == nil {
			t.Error("nobody waits for it, and it is read")
		}
	})
}

func TestInputText(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]board.Input{
		"image v2 asked by ann":    {Kind: board.Wish, Want: board.WantImage, Image: "v2", By: "ann"},
		"maintenance asked by ann": {Kind: board.Wish, Want: board.WantMaintenance, By: "ann"},
		"by ann: slow":             {Kind: board.Remark, By: "ann", Text: "slow"},
		"10.91.0.101":              {Kind: board.LoaderAsked, From: "10.91.0.101"},
		"disk":                     {Kind: board.Downloads, From: "10.91.0.101", Text: "disk"},
	} {
		if got := inputText(&in); got != want {
			t.Errorf("%+v: %q, want %q", in, got, want)
		}
	}
}
