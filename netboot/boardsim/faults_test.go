package boardsim

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestEachBreakIsMendedByAPowerCycle breaks each step in each way that it knows, cycles the power and sees the board
// through to its image.
func TestEachBreakIsMendedByAPowerCycle(t *testing.T) {
	t.Parallel()
	for _, step := range slices.Sorted(maps.Keys(possible)) {
		for _, how := range possible[step] {
			t.Run(fmt.Sprintf("%s %s", step, how), func(t *testing.T) {
				t.Parallel()
				s := newServer(t)
				s.order(t, s.artifact(t, Image{Name: "v2"}, "p2"))
				b := newBoard(t, s, nil)
				if err := b.FailNext(step, how); err != nil {
					t.Fatal(err)
				}
				b.PowerOn()
				b.wait(t, Fault, 1)
				if got, want := b.fault(0), fmt.Sprintf("%s %s", step, how); got != want {
					t.Errorf("broke as %q, want %q", got, want)
				}
				b.PowerOff()
				b.PowerOn()
				b.wait(t, PoweredOn, 2)
				up := b.Count(ImageUp) // a lost report stops nobody
				b.wait(t, ImageUp, up+1)
				onCard(t, b, partition2, makeImage(t, Image{Name: "v2"}))
			})
		}
	}
}

// fault is the text of the nth fault.
func (w *watched) fault(n int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.What == Fault {
			if n == 0 {
				return e.Text
			}
			n--
		}
	}
	return ""
}

// TestBreaksWithoutAPowerCycle are the ways to break that a board gets over, or that leave it silent.
func TestBreaksWithoutAPowerCycle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		step     Step
		how      Breaks
		never    string // is not asked for
		then     []What // what follows the fault
		twice    string // is asked for again
		stays    bool   // the board does nothing more
		cutCards int
	}{
		{step: AtLoader, how: Hangs, stays: true, never: "tftp"},
		{step: AtKernel, how: Hangs, stays: true, never: "tftp b/"},
		{step: AtLive, how: Hangs, stays: true, never: "second-stage.sh"},
		{step: AtLive, how: Resets, then: []What{Asked, KernelRead, LiveUp}},
		{step: AtLive, how: SaysNothing, then: []What{LiveUp, Downloading, Writing}, never: "event/mobile_init_started"},
		{step: AtDownload, how: LosesNetwork, stays: true, never: "event/downloading"},
		{step: AtDownload, how: Resets, then: []What{Asked, KernelRead, LiveUp}},
		{step: AtDownload, how: SaysNothing, then: []What{Writing, Written, Rebooting}, never: "event/downloading"},
		{step: AtDownload, how: BreaksOff, then: []What{Writing, Fault, Writing, Written, Rebooting}, twice: "artifact/system"},
		{step: AtWrite, how: Resets, then: []What{CutInWrite, Asked, KernelRead}, cutCards: 1},
		{step: AtWrite, how: SaysNothing, then: []What{Written, Rebooting}, never: "progress"},
		{step: AtReboot, how: Hangs, stays: true},
		{step: AtImage, how: Resets, then: []What{Asked, FellThrough, ImageUp}},
		{step: AtImage, how: Hangs, stays: true},
	} {
		t.Run(fmt.Sprintf("%s %s", c.step, c.how), func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.order(t, s.artifact(t, Image{Name: "v2"}, "p2"))
			b := newBoard(t, s, nil)
			if err := b.FailNext(c.step, c.how); err != nil {
				t.Fatal(err)
			}
			b.PowerOn()
			if c.stays {
				b.wait(t, Fault, 1)
				b.PowerOff()
				b.wait(t, PoweredOff, 1)
				if story := b.story(); story[len(story)-2] != Fault {
					t.Errorf("after it hung it went on: %v", story)
				}
			} else {
				b.wait(t, ImageUp, 1)
				story := b.story()
				at := slices.Index(story, Fault) + 1
				if got := story[at:min(at+len(c.then), len(story))]; !slices.Equal(got, c.then) {
					t.Errorf("after the fault %v, want %v", got, c.then)
				}
			}
			if c.never != "" && s.asked(c.never) > 0 {
				t.Errorf("%s was sent: %v", c.never, s.story())
			}
			if c.twice != "" && s.asked(c.twice) < 2 {
				t.Errorf("%s was not asked for again: %v", c.twice, s.story())
			}
			if got := b.Count(CutInWrite); got != c.cutCards {
				t.Errorf("%d cards cut, want %d", got, c.cutCards)
			}
		})
	}
}

func TestImpossibleFaultsAreRefused(t *testing.T) {
	t.Parallel()
	b := newBoard(t, newServer(t), nil)
	for _, f := range []fault{{AtLoader, Resets}, {"lunch", Hangs}, {AtImage, ""}} {
		if err := b.FailNext(f.step, f.how); err == nil || !strings.Contains(err.Error(), "board1") {
			t.Errorf("%v: %v", f, err)
		}
	}
}

// TestChance is decided by seed and name, and by nothing else.
func TestChance(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	draw := func(change func(c *Config)) string {
		b := newBoard(t, s, func(c *Config) {
			c.FaultRate, c.Seed = 0.3, 7
			change(c)
		})
		var out []string
		for range 20 {
			for _, step := range slices.Sorted(maps.Keys(possible)) {
				out = append(out, string(b.breaks(step)))
			}
		}
		return strings.Join(out, " ")
	}
	first := draw(func(*Config) {})
	if again := draw(func(*Config) {}); again != first {
		t.Error("the same seed and name break in other ways")
	}
	for name, change := range map[string]func(c *Config){
		"another seed": func(c *Config) { c.Seed = 8 }, "another name": func(c *Config) { c.Name = "board2" }, "another rate": func(c *Config) { c.FaultRate = 0.2 },
	} {
		if draw(change) == first {
			t.Errorf("%s: the same faults", name)
		}
	}
	if none := draw(func(c *Config) { c.FaultRate = 0 }); strings.TrimSpace(none) != "" {
		t.Errorf("without a fault rate: %q", none)
	}
	faults := strings.Fields(first)
	if len(faults) < 20 || len(faults) > 70 { // 140 draws at 0.3
		t.Errorf("%d of 140 steps broke", len(faults))
	}
	kinds := map[string]bool{}
	for _, f := range faults {
		kinds[f] = true
	}
	if len(kinds) < 4 {
		t.Errorf("only %v", kinds)
	}
}

// TestGate has the server answer `writing` in every way: nothing but 200 opens the gate, and 410 ends the boot.
func TestGate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []int
		asked   int // how often, at least
		opens   bool
	}{
		"200":              {[]int{200}, 1, true},
		"409 never":        {[]int{409, 409, 409, 409, 410}, 5, false},
		"409, then 200":    {[]int{409, 409, 200}, 3, true},
		"410":              {[]int{410}, 1, false},
		"503 waits":        {[]int{503, 503, 200}, 3, true},
		"404 waits":        {[]int{404, 404, 200}, 3, true},
		"500 waits":        {[]int{500, 200}, 2, true},
		"503, 404, 410":    {[]int{503, 404, 410}, 3, false},
		"202 is no answer": {[]int{202, 204, 410}, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.order(t, s.artifact(t, Image{Name: "v2"}, "p2"))
			s.answer("event/writing", c.answers...)
			b := newBoard(t, s, nil)
			b.runs(t, Image{Name: "v1"})
			b.PowerOn()
			if c.opens {
				b.wait(t, ImageUp, 1)
			} else {
				b.wait(t, BootOver, 1)
				s.publish(false)
				b.wait(t, ImageUp, 1)
				onCard(t, b, partition2, makeImage(t, Image{Name: "v1"}))
			}
			if got := s.asked("event/writing"); got < c.asked {
				t.Errorf("asked %d times, want %d", got, c.asked)
			}
			if got := s.asked("artifact/") > 0 || b.Count(Writing) > 0; got != c.opens {
				t.Errorf("wrote: %t, want %t: %v", got, c.opens, s.story())
			}
			if got := b.Last().Text; got != map[bool]string{true: "v2", false: "v1"}[c.opens] {
				t.Errorf("image %s runs", got)
			}
		})
	}
}

// TestOtherAnswers: 409 lets a script go on, but for the gate; 503 and 404 wait; `rebooting` is repeated until heard.
func TestOtherAnswers(t *testing.T) {
	t.Parallel()
	for event, answers := range map[string][]int{
		"mobile_init_started": {409}, "downloading": {409}, "rebooting": {503, 404, 503, 200},
	} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.order(t, s.artifact(t, Image{Name: "v2"}, "p2"))
			s.answer("event/"+event, answers...)
			b := newBoard(t, s, nil)
			b.PowerOn()
			b.wait(t, Rebooting, 1)
			if got := s.asked("event/" + event); got != len(answers) {
				t.Errorf("asked %d times, want %d", got, len(answers))
			}
		})
	}
}

// TestOverWhileWriting: a 410 to progress stops the writing; that was asked for, so no card was cut.
func TestOverWhileWriting(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.order(t, s.artifact(t, Image{Name: "v2"}, "p2"))
	s.answer("progress", http.StatusGone)
	b := newBoard(t, s, nil)
	b.PowerOn()
	b.wait(t, BootOver, 1)
	s.publish(false)
	b.wait(t, NoImage, 1)
	if b.Count(CutInWrite) != 0 || s.asked("event/rebooting") != 0 {
		t.Errorf("%v", b.story())
	}
}

func TestErrorsOfBreaksAreApart(t *testing.T) {
	t.Parallel()
	b := newBoard(t, newServer(t), nil)
	for how, want := range map[Breaks]error{Hangs: errHang, LosesNetwork: errHang, Resets: errReset, BreaksOff: errBreaksOff, SaysNothing: errMute, "": nil} {
		b.planned = nil
		if how != "" {
			b.planned = []fault{{AtLive, how}}
		}
		if err := b.broken(AtLive); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", how, err, want)
		}
	}
}
