package house

import (
	"context"
	"errors"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/persistence"
)

// What can be asked of the holder of a rack.
const (
	aboutBoard  = "board"  // a wish, an order or evidence
	aboutRelays = "relays" // what the relay boards of a rack do
)

// question is what is asked of the actors of a rack; one of the pointers is set.
type question struct {
	Rack     string              `json:"rack"`
	Name     string              `json:"name,omitempty"` // of the board, for wishes and orders
	Board    string              `json:"board,omitempty"`
	Wish     *actors.Request     `json:"wish,omitempty"`
	Order    *actors.Order       `json:"order,omitempty"`
	Evidence *actors.Evidence    `json:"evidence,omitempty"`
	Report   *report             `json:"report,omitempty"`
	Relay    *relayOrder         `json:"relay,omitempty"`
	Close    *closeOrder         `json:"close,omitempty"`
	Repair   *actors.RepairOrder `json:"repair,omitempty"`
	Test     string              `json:"test,omitempty"` // a relay board
	Wait     bool                `json:"wait,omitempty"` // evidence: until what came of it is stored
}

// report is how far a transfer or a write has come.
type report struct {
	Token    board.Token     `json:"token"`
	Progress actors.Progress `json:"progress"`
}

// relayOrder is what a person asks of a relay.
type relayOrder struct {
	Power string         `json:"power"`
	Do    actors.RelayDo `json:"do"`
	By    string         `json:"by"`
	Force bool           `json:"force,omitempty"`
}

// closeOrder ends an incident.
type closeOrder struct {
	ID string `json:"id"`
	By string `json:"by"`
}

// reply is the answer to a question.
type reply struct {
	NotHere  bool               `json:"not_here,omitempty"` // the rack's actors do not run there; nothing was done
	Problem  *actors.Problem    `json:"problem,omitempty"`
	Error    string             `json:"error,omitempty"` // anything else that went wrong
	Answer   actors.Answer      `json:"answer,omitzero"`
	Verdict  board.Verdict      `json:"verdict,omitempty"`
	On       bool               `json:"on,omitempty"`
	Relays   []actors.RelayView `json:"relays,omitempty"`
	Incident actors.Incident    `json:"incident,omitzero"`
	Lines    []persistence.Line `json:"lines,omitempty"`
	Moments  []actors.Moment    `json:"moments,omitempty"`
	Details  []actors.Details   `json:"details,omitempty"`
	Late     []volatile         `json:"late,omitempty"`
	Why      *actors.Why        `json:"why,omitempty"`
	Seq      uint64             `json:"seq,omitempty"` // of the board that a wish or an order was for, as the actor has it since
}

// err is what the answer says went wrong; nil: nothing did.
func (r *reply) err() error {
	switch {
	case r.Problem != nil:
		return r.Problem
	case r.Error != "":
		return errors.New(r.Error)
	}
	return nil
}

func (r *reply) fail(err error) {
	var p *actors.Problem
	switch {
	case errors.As(err, &p):
		r.Problem = p
	case err != nil:
		r.Error = err.Error()
	}
}

// again says whether asking twice does no more than asking once: a wish carries its id into the board's record, and
// evidence is judged by its boot; to close an incident again changes nothing.
func (q *question) again() bool {
	return q.Order == nil && q.Repair == nil && (q.Relay == nil || q.Relay.Do == actors.RelayStatus)
}

// waits says whether somebody waits for what comes of it.
func (q *question) waits() bool { return q.Report == nil && (q.Evidence == nil || q.Wait) }

// carryOut asks the actors of a rack that runs here, if the rack is held: what actors know that run on without it, as
// in a process that was frozen, may be old.
func (h *House) carryOut(ctx context.Context, t *tenure, q *question) reply {
	if q.waits() && h.acting(t.rack, t.epoch) != nil {
		return reply{NotHere: true}
	}
	r := h.put(ctx, t, q)
	if v := t.fleet.ByName(q.Name); v != nil && q.Name != "" {
		r.Seq = v.Seq
	}
	if h.acting(t.rack, t.epoch) == nil {
		return r
	}
	switch {
	case r.Problem != nil && r.Problem.Kind != actors.Unavailable:
		return reply{NotHere: true} // refused, perhaps for what is true no longer
	case r.err() == nil && q.Evidence != nil && writes(q.Evidence):
		// The write gate opens only while the lease is held, after the commit.
		return reply{Problem: unavailable("rack %s: this server does not hold it now", t.rack)}
	}
	return r
}

// put asks the actors.
func (h *House) put(ctx context.Context, t *tenure, q *question) (r reply) {
	var err error
	switch f := t.fleet; {
	case q.Wish != nil:
		r.Answer, err = f.Wish(ctx, q.Name, *q.Wish)
	case q.Order != nil:
		r.Answer, err = f.Do(ctx, q.Name, *q.Order)
	case q.Evidence != nil && q.Wait:
		r.Verdict, err = f.Ask(ctx, q.Board, *q.Evidence)
	case q.Evidence != nil:
		f.Tell(q.Board, *q.Evidence)
	case q.Report != nil:
		f.Report(q.Board, q.Report.Token, q.Report.Progress)
	case q.Relay != nil:
		r.On, err = f.Relay(ctx, q.Relay.Power, q.Relay.Do, q.Relay.By, q.Relay.Force)
	case q.Repair != nil:
		r.Answer, err = f.Repaired(ctx, q.Name, *q.Repair)
	case q.Close != nil:
		r.Incident, err = f.CloseIncident(q.Close.ID, q.Close.By)
	case q.Test != "":
		err = f.TestRelay(ctx, q.Test)
	default:
		err = &actors.Problem{Kind: actors.BadRequest, Text: "a question that this version does not know", Remedy: "upgrade this server"}
	}
	if errors.Is(err, persistence.ErrFenced) {
		return reply{NotHere: true} // another holds the rack by now, and nothing was stored
	}
	r.fail(err)
	return r
}
