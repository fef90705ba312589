package actors

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"mozpool/actors/board"
)

// Why explains a board to a person: what it does, since when, on what evidence, and what happens next.
type Why struct {
	Board    string      `json:"board"`
	State    board.State `json:"state"`
	Since    time.Time   `json:"since"`
	Deadline time.Time   `json:"deadline,omitzero"`
	Text     string      `json:"text"`
	Next     string      `json:"next,omitempty"`
	Remedy   string      `json:"remedy,omitempty"`
	// Tries are the failed visits of this state in this attempt, of Allowed.
	Tries   int `json:"tries"`
	Allowed int `json:"tries_allowed"`
	// Evidence is what was heard last of the board; without a kind: nothing yet.
	Evidence board.Fact `json:"evidence,omitzero"`
	// AsOf is, in a cluster, when whoever acts for the board was heard last; zero: it is heard.
	AsOf time.Time `json:"as_of,omitzero"`
}

// Dated says how old the explanation is. While nobody acts for the board, what would come next does not come.
func (w *Why) Dated(at time.Time) {
	w.AsOf = at
	if !at.IsZero() && !w.State.Rest() {
		w.Next = "nothing, before a server acts for its rack again"
	}
}

// Why explains a board.
func (f *Fleet) Why(name string) (Why, error) {
	v, err := f.find(name)
	if err != nil {
		return Why{}, err
	}
	rules := board.Rules{}
	b := &v.Board
	w := Why{Board: name, State: b.State, Since: time.UnixMilli(b.Since).UTC(), Tries: int(b.Tries[b.State]), Allowed: rules.TriesOf(b.State), Evidence: b.Evidence}
	if b.Deadline > 0 {
		w.Deadline = time.UnixMilli(b.Deadline).UTC()
	}
	switch {
	case b.State == board.Waiting:
		w.explainWaiting(v)
		f.explainHold(&w, v)
	case b.State.Rest():
		w.explainRest(v)
	default:
		w.explainWork(v)
	}
	if h := v.Health; b.State == board.Ready && h.Text != "" {
		w.explainHealth(h, v.At)
	}
	if worn := f.wornCard(v.Spec.ID); b.State.Rest() && worn != "" {
		w.Text += " But " + worn + "."
		w.Remedy = cmp.Or(w.Remedy, repairs[board.PartCard])
	}
	if b.Lock != nil {
		w.Text += fmt.Sprintf(" Locked by %s%s.", b.Lock.Who, lead(": ", b.Lock.Why))
	}
	return w, nil
}

func lead(by, s string) string {
	if s == "" {
		return ""
	}
	return by + s
}

func (w *Why) explainHealth(h Health, now time.Time) {
	switch {
	case h.At.IsZero():
		w.Text += " Health: " + h.Text + "."
	case h.OK:
		w.Text += fmt.Sprintf(" Its health check %v ago was good.", now.Sub(h.At).Round(time.Second))
	default:
		w.Text += " Its last health check failed: " + h.Text + "."
		w.Remedy = "ask for a power cycle, or for its image"
	}
}

// goal says what the attempt is for: "attempt 3 (image v2, asked by ci)".
func goal(b *board.Board) string {
	want := string(b.Want)
	if b.Want == board.WantImage {
		want = "image " + b.Image
	}
	return fmt.Sprintf("attempt %d (%s, asked by %s)", b.Attempt, want, b.By)
}

func (w *Why) explainWaiting(v *View) {
	b := &v.Board
	what := map[board.WaitingFor]string{board.ForPowerBudget: "a place in its rack's power budget", board.ForRelay: "its relay board",
		board.ForImage: "its image to be cleared", board.ForServer: "its server", board.ForPerson: "a person"}[b.WaitingFor]
	w.Text = fmt.Sprintf("Waits for %s to go on with %s", what, goal(b))
	switch {
	case v.Queue > 0:
		w.Text += fmt.Sprintf("; number %d in the queue.", v.Queue)
	case b.Deadline > 0:
		w.Text += "; it has used its power cycles of this hour."
	default:
		w.Text += "."
	}
	w.Next = "then " + string(b.Next)
}

// explainHold says who has to do something before the board goes on.
func (f *Fleet) explainHold(w *Why, v *View) {
	sw, err := f.switchOf(v.Spec)
	switch {
	case v.Board.WaitingFor == board.ForPerson:
		w.Remedy = "switch the board off and on by hand; whenever its loader asks, it goes on"
	case v.Board.WaitingFor == board.ForImage:
		if i := f.incidents.open(IncidentImage, imageOn(v.Board.Image, &v.Spec)); i != nil {
			w.Text += fmt.Sprintf(" Incident %s since %s: %s.", i.ID, i.Opened.Format(time.RFC3339), i.Text)
			w.Remedy = i.Remedy
		}
	case v.Board.WaitingFor != board.ForRelay || err != nil:
	case f.rack(v.Spec.Rack).crossings.held(v.Spec.ID):
		w.Text += " It came up when another board's relay was switched, so it is not cut before that board was heard."
		w.Remedy = "mozpool rack check-wiring " + v.Spec.Rack + " shows which relay switches which board"
	default:
		if i := f.incidents.open(IncidentRelay, sw.Board); i != nil {
			w.Text += fmt.Sprintf(" Incident %s since %s: %s.", i.ID, i.Opened.Format(time.RFC3339), i.Text)
			w.Remedy = i.Remedy
		}
	}
}

func (w *Why) explainWork(v *View) {
	b := &v.Board
	doing := map[board.State]string{
		board.Cutting: "Its power is being cut", board.Powering: "Its power is being switched on",
		board.Booting: "It has power and is to boot the live environment", board.Live: "The live environment runs",
		board.Downloading: "It downloads the image", board.Writing: "It writes the image to its card",
		board.SelfTesting: "It tests itself", board.Restarting: "It is to boot from its card", board.Verifying: "The image is to show that it runs",
	}[b.State]
	parts := []string{doing + " in " + goal(b)}
	if p := amount(v.Progress); p != "" {
		parts = append(parts, p)
	}
	parts = append(parts, evidenceText(b, v.At))
	if b.Blame != nil {
		parts = append(parts, fmt.Sprintf("the visit before failed (%s: %s)", b.Blame.Part, b.Blame.Text))
	}
	w.Text = strings.Join(parts, "; ") + "."
	left := time.UnixMilli(b.Deadline).Sub(v.At).Round(time.Second)
	w.Next = fmt.Sprintf("if nothing comes within %v of its last change: failure %d of %d of this step", left, w.Tries+1, w.Allowed)
}

func evidenceText(b *board.Board, now time.Time) string {
	if b.Evidence.Kind == "" {
		return "nothing was heard of it yet"
	}
	age := now.Sub(time.UnixMilli(b.Evidence.At)).Round(time.Second)
	return fmt.Sprintf("last heard %v before: %s%s", age, b.Evidence.Kind, lead(" ", b.Evidence.Text))
}

func (w *Why) explainRest(v *View) {
	b := &v.Board
	switch {
	case b.State.Failed() && b.Blame != nil:
		w.Text = fmt.Sprintf("Attempt %d ended in %s. Suspected: %s (%s).", b.Attempt, b.State, b.Blame.Part, b.Blame.Text)
		w.Remedy = repairs[b.Blame.Part]
	case b.State == board.Ready && b.Card != "":
		w.Text = fmt.Sprintf("Ready with image %s.", b.Card)
	case b.State == board.Ready:
		w.Text = "Ready; which image it runs is not known."
	case b.State == board.Maintenance:
		w.Text = "In maintenance: every boot gets the live environment until a wish ends it."
		w.Next = "ask for an image, a self-test or a power cycle to end it"
	default:
		w.Text = fmt.Sprintf("Rests in %s; nothing happens until somebody asks.", b.State)
	}
}

// repairs say what to do about a part.
var repairs = map[board.Part]string{
	board.PartBoard:   "look at the board's console and supply; exchange it if it stays silent",
	board.PartCard:    "exchange the card, with the loader on it",
	board.PartRelay:   "check the relay board's network and plug, then its relay",
	board.PartWiring:  "check which board hangs on this relay",
	board.PartNetwork: "check the board's cable and switch port",
	board.PartImage:   "try another image on this board, and this image on another board",
	board.PartServer:  "look at the server's log",
}
