package board

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestScenarios runs the stories in testdata/scenarios. A line is a directive; what became of it stands indented
// below it and is rewritten by -update. Comments begin with #. The directives are the cases of story.input.
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := newStory(t).tell(string(data))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(data) {
				t.Errorf("the story goes otherwise now; run with -update and read the difference:\n%s", got)
			}
		})
	}
}

// story is a board and what it has been through.
type story struct {
	t     *testing.T
	b     Board
	now   time.Time
	rules Rules
	place bool
	boots byte
	old   Board // before the last directive, for stale answers
}

func newStory(t *testing.T) *story {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	return &story{t: t, b: NewBoard(now), now: now, place: true}
}

func (s *story) tell(script string) string {
	var out strings.Builder
	for line := range strings.Lines(script) {
		if strings.HasPrefix(line, "  ") {
			continue
		}
		out.WriteString(line)
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if s.scene(words) {
			continue
		}
		for _, l := range s.step(s.input(words)) {
			out.WriteString("  " + l + "\n")
		}
	}
	return out.String()
}

// scene changes the world without telling the board.
func (s *story) scene(words []string) bool {
	switch words[0] {
	case "pass":
		d, err := time.ParseDuration(words[1])
		if err != nil {
			s.t.Fatal(err)
		}
		s.now = s.now.Add(d)
	case "verify":
		s.rules.Verify = VerifyKind(words[1])
	case "places":
		s.place = words[1] == "free"
	case "failed-off":
		s.rules.FailedOff = true
	case "manual":
		s.rules.Manual = true
	case "cycles-only":
		s.rules.CyclesOnly = true
	case "suspect":
		s.rules.Suspect, s.rules.Tries = true, 2
	default:
		return false
	}
	return true
}

// input reads a directive.
func (s *story) input(w []string) Input {
	s.boots++
	in := Input{Now: s.now, Rules: &s.rules, Place: s.place || s.b.State.HoldsPlace(), Fresh: Token{s.boots}, Visit: s.b.Visit, Token: s.b.Token, By: "ann"}
	for len(w) > 1 && slices.Contains([]string{"late", "past", "bare", "own", "crossed", "confirmed"}, w[0]) {
		switch w[0] {
		case "crossed":
			in.Crossed = w[1]
			w = w[1:]
		case "confirmed":
			in.Confirmed = true
		case "late": // an answer to the visit before
			in.Visit = s.old.Visit
		case "past": // speaks for the boot before
			if n := len(s.b.Past); n > 0 {
				in.Token = s.b.Past[n-1]
			}
		case "bare":
			in.Bare, in.Token = true, Token{}
		case "own":
			in.Own = true
		}
		w = w[1:]
	}
	rest := strings.Join(w[1:], " ")
	in.Text = rest
	switch w[0] {
	case "wish":
		in.Kind, in.Want, in.Text = Wish, Want(w[1]), ""
		if len(w) > 2 {
			in.Image = w[2]
		}
		if len(w) > 3 {
			in.WishID = [8]byte{w[3][0]}
		}
	case "rebooting":
		in.Kind, in.Good = Rebooting, rest == "good"
	case "relay_down":
		in.Kind, in.Good = RelayDown, rest == "untouched"
	case "cancel":
		in.Kind, in.Force = Cancel, rest == "force"
	case "image_up":
		in.Kind, in.Image = ImageUp, rest
	case "repaired":
		in.Kind, in.Part = Repaired, Part(rest)
	case "set_state":
		in.Kind, in.To = SetState, State(rest)
	case "lock":
		in.Kind, in.By, in.Text = SetLock, w[1], strings.Join(w[2:], " ")
	case "failed":
		in.Kind, in.Part, in.Text = ScriptFailed, Part(w[1]), strings.Join(w[2:], " ")
	default:
		in.Kind = Kind(w[0])
	}
	return in
}

// step feeds in, and says what became of it in lines.
func (s *story) step(in Input) []string {
	before := s.b
	r := Step(s.b, in)
	if r.Board.Visit != before.Visit {
		s.old = before
	}
	s.b = r.Board
	line := string(r.Verdict)
	if r.Refusal.Why != "" {
		line += ": " + r.Refusal.Why + " (" + r.Refusal.Remedy + ")"
	}
	if r.Board.Visit != before.Visit || r.Board.Deadline != before.Deadline {
		line += fmt.Sprintf("; %s, visit %d", s.b.State, s.b.Visit)
		if s.b.WaitingFor != "" {
			line += fmt.Sprintf(" for %s, then %s", s.b.WaitingFor, s.b.Next)
		}
		if s.b.Deadline > 0 {
			line += ", until +" + time.UnixMilli(s.b.Deadline).Sub(s.now).String()
		}
	}
	if r.Boot {
		line += fmt.Sprintf("; boot %d", s.b.Boot)
	}
	for _, e := range r.Effects {
		line += "; " + string(e.Do)
	}
	lines := []string{line}
	if f := r.Failed; f != nil {
		lines = append(lines, fmt.Sprintf("failed in %s, %s: %s%s", f.State, f.Blame.Part, f.Blame.Text, map[bool]string{true: " (free)"}[f.Free]))
	}
	if r.Failed != nil || r.Ended {
		lines = append(lines, "tries"+triesText(s.b.Tries)+fmt.Sprintf(", power cycles %d, card %q", s.b.Cycles, s.b.Card))
	}
	return lines
}

func triesText(tries map[State]uint8) string {
	text := ""
	for _, k := range slices.Sorted(maps.Keys(tries)) {
		text += fmt.Sprintf(" %s:%d", k, tries[k])
	}
	if text == "" {
		return " none"
	}
	return text
}
