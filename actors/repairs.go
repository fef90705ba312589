package actors

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence"
)

// Repair is one part of a board that somebody exchanged or mended.
type Repair struct {
	Part    board.Part  `json:"part"`
	By      string      `json:"by"`
	Note    string      `json:"note,omitempty"`
	At      time.Time   `json:"at"`
	State   board.State `json:"state"`   // in which the board rested
	Attempt uint32      `json:"attempt"` // the last one before
}

const (
	repairDocs  = "repair"
	keptRepairs = 20 // of a board
	// NoImage asks for a repaired board to be verified, and left without an image.
	NoImage = "none"
)

// RepairOrder says what was mended, and what to put on the board.
type RepairOrder struct {
	Part  board.Part
	By    string
	Note  string
	MAC   string // of the new board, in any usual notation; empty: the same
	Power string // line of the new switch; empty: the same
	Image string // empty: the last that was wished; NoImage: none, the board is only verified
	ID    string // Idempotency-Key of the wish
}

// told is the note, with what was exchanged.
func (o RepairOrder) told() string {
	text := o.Note
	for _, more := range []struct{ what, is string }{{"MAC address", o.MAC}, {"power", o.Power}} {
		if more.is != "" {
			text += fmt.Sprintf(" (%s %s)", more.what, more.is)
		}
	}
	return strings.TrimSpace(text)
}

// Repaired closes a board's failed rest: what was known of the part is forgotten, who mended it is written down, and the
// board is verified by putting its last image back, or by a power cycle.
func (f *Fleet) Repaired(ctx context.Context, name string, o RepairOrder) (Answer, error) {
	v, err := f.find(name)
	if err != nil {
		return Answer{}, err
	}
	if !slices.Contains(board.Mendable, o.Part) {
		return Answer{}, problem(BadRequest, fmt.Sprintf("use one of %v", board.Mendable), "%q is no part that is mended", o.Part)
	}
	r := Request{Want: board.WantImage, Image: o.Image, By: o.By, ID: o.ID}
	if r.Image == "" {
		if r.Image, err = f.lastImage(ctx, v); err != nil {
			return Answer{}, err
		}
	}
	if r.Image == "" || r.Image == NoImage {
		r.Want, r.Image = board.WantPowerCycle, ""
	}
	if a, err := answeredBefore(v, wishID(r)); a != nil || err != nil {
		return planned{answered: a}.said(), err
	}
	x, err := f.exchangeOf(v, o)
	if err != nil {
		return Answer{}, err
	}
	if _, err := f.cfg.Planner.Plan(ctx, v.Spec, r.Want, r.Image, nil); err != nil { // before anything changes
		return Answer{}, fmt.Errorf("board %s: %w", name, err)
	}
	res, err := f.ask(ctx, v.Spec.ID, board.Input{Kind: board.Repaired, By: o.By, Part: o.Part, Text: o.Note, Exchange: x}, nil)
	if err != nil {
		return Answer{}, err
	}
	if a, err := answerOf(name, res); err != nil {
		return a, err
	}
	if x != nil {
		f.roster.reindex()
		f.tendRelays()
	}
	f.line(name, "api", 5, strings.TrimSpace(fmt.Sprintf("repaired: %s, by %s %s", o.Part, o.By, o.told())))
	done := Repair{Part: o.Part, By: o.By, Note: o.told(), At: f.now().UTC(), State: v.Board.State, Attempt: v.Board.Attempt}
	if err := f.keepRepair(ctx, v.Spec.ID, done); err != nil {
		return Answer{}, problem(Unavailable, "say it again: the board is repaired, but not that you did it", "board %s: %v", name, err)
	}
	if o.Part == board.PartCard {
		if err := f.newCard(ctx, v.Spec.ID); err != nil {
			f.log.Warn("what is known of the old card stays", "board", name, "error", err)
		}
	}
	if i := f.incidents.crossedWith(name); i != nil && (o.Part == board.PartWiring || o.Part == board.PartRelay) {
		f.closeIncident(i.ID, o.By)
	}
	return f.Wish(ctx, name, r)
}

// lastImage is the image of a board's last wish for one; empty: there was none.
func (f *Fleet) lastImage(ctx context.Context, v *View) (string, error) {
	if v.Board.Image != "" {
		return v.Board.Image, nil
	}
	past, err := f.Attempts(ctx, v.Spec.Name, 0)
	if err != nil {
		return "", err
	}
	for _, a := range past {
		if a.Want == board.WantImage {
			return a.Image, nil
		}
	}
	return "", nil
}

func (f *Fleet) keepRepair(ctx context.Context, id string, r Repair) error {
	all, err := f.repairsOf(ctx, id)
	if err != nil {
		return err
	}
	all = append([]Repair{r}, all...)
	data, err := json.Marshal(all[:min(len(all), keptRepairs)])
	if err != nil {
		return fmt.Errorf("repairs of %s: %w", id, err)
	}
	return f.cfg.Journal.PutDoc(ctx, persistence.Doc{Kind: repairDocs, Name: id, Data: data})
}

func (f *Fleet) repairsOf(ctx context.Context, id string) ([]Repair, error) {
	d, err := f.cfg.Journal.GetDoc(ctx, repairDocs, id)
	if errors.Is(err, persistence.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("repairs of %s: %w", id, err)
	}
	var all []Repair
	if err := json.Unmarshal(d.Data, &all); err != nil {
		return nil, fmt.Errorf("repairs of %s: %w", id, err)
	}
	return all, nil
}

// Repairs are the last repairs of a board, the newest first.
func (f *Fleet) Repairs(ctx context.Context, name string) ([]Repair, error) {
	v, err := f.find(name)
	if err != nil {
		return nil, err
	}
	return f.repairsOf(ctx, v.Spec.ID)
}

// ToRepair is a board that somebody should go to.
type ToRepair struct {
	Board  string      `json:"board"`
	Rack   string      `json:"rack"`
	Place  string      `json:"place"`
	State  board.State `json:"state"`
	Since  time.Time   `json:"since"`
	Part   board.Part  `json:"part"`   // the suspected one
	Take   string      `json:"take"`   // what to take along
	Why    string      `json:"why"`    // the sentence
	Remedy string      `json:"remedy"` // what to do there
	Before string      `json:"before"` // when, and by whom, the same part was repaired last; empty: never
}

// take says what to take along for a part.
var take = map[board.Part]string{
	board.PartBoard:   "a board of its kind",
	board.PartCard:    "a card with the boot loader",
	board.PartRelay:   "a relay board, and a plug",
	board.PartWiring:  "nothing but the list of relays",
	board.PartNetwork: "a network cable",
	board.PartImage:   "nothing: look at the image",
	board.PartServer:  "nothing: look at the server",
}

// RepairList are the boards that have failed, or are suspected, in walking order: by rack, then by place.
func (f *Fleet) RepairList() []ToRepair {
	var all []ToRepair
	for _, v := range f.Views() {
		if r, ok := toRepair(v, f.incidents.crossedWith(v.Spec.Name), f.wornCard(v.Spec.ID)); ok {
			r.Before = f.repairedBefore(v.Spec.ID, r.Part)
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(a, b ToRepair) int {
		return cmp.Or(naturally(a.Rack, b.Rack), naturally(a.Place, b.Place), naturally(a.Board, b.Board))
	})
	return all
}

// repairedBefore says when a part of a board was repaired last: one that fails again soon has another cause.
func (f *Fleet) repairedBefore(id string, part board.Part) string {
	ctx, cancel := context.WithTimeout(f.ctx, time.Second)
	defer cancel()
	done, err := f.repairsOf(ctx, id)
	if err != nil {
		f.log.Warn("earlier repairs cannot be read", "board", id, "error", err)
	}
	for _, r := range done {
		if r.Part == part {
			return fmt.Sprintf("%s by %s", r.At.Format(time.DateOnly), r.By)
		}
	}
	return ""
}

// toRepair judges one board. Only rests are judged: what works may still come up.
func toRepair(v *View, crossed *Incident, worn string) (ToRepair, bool) {
	b := &v.Board
	r := ToRepair{Board: v.Spec.Name, Rack: v.Spec.Rack, Place: v.Spec.Place, State: b.State, Since: time.UnixMilli(b.Since).UTC()}
	switch {
	case b.State.Failed() && b.Blame != nil:
		r.Part, r.Why = b.Blame.Part, b.Blame.Text
	case b.State.Failed():
		r.Part, r.Why = board.PartBoard, "its last attempt ended in "+string(b.State)
	case crossed != nil:
		r.Part, r.Why = board.PartWiring, crossed.Text
	case b.State == board.Ready && !v.Health.OK && !v.Health.At.IsZero():
		r.Part, r.Why = board.PartBoard, "was ready, and no longer answers its health check: "+v.Health.Text
	case b.State.Rest() && worn != "":
		r.Part, r.Why = board.PartCard, worn
	default:
		return r, false
	}
	r.Take, r.Remedy = take[r.Part], repairs[r.Part]
	if b.Blame != nil && b.Blame.Mute() {
		r.Take = "a card with the boot loader, and a board of its kind"
		r.Remedy = "try another card first: the loader is on it; then look at the board's console and supply"
	}
	return r, true
}

// naturally compares texts as people do: numbers in them by their value.
func naturally(a, b string) int {
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			x, y := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
				return c
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if c := cmp.Compare(a[0], b[0]); c != 0 {
			return c
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits is how many a text begins with.
func digits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}
