package house

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/cluster/ask"
)

const (
	// oneTry bounds one question to one server; the holder may be another by then.
	oneTry = 3 * time.Second
	// untold bounds evidence that nobody waits for.
	untold = 10 * time.Second
	// tellings is how much evidence may be on its way to other servers at once; more is dropped.
	tellings = 256
	// pause lies between two tries, give or take a half.
	pause = 100 * time.Millisecond
)

// Wish asks something of a board, wherever its rack is. The answer is durable. While a rack changes hands it waits for
// the next holder, until ctx ends.
func (h *House) Wish(ctx context.Context, name string, r actors.Request) (actors.Answer, error) {
	if r.ID == "" {
		r.ID = rand.Text() // so that a second try does nothing twice
	}
	return h.answer(ctx, name, &question{Name: name, Wish: &r})
}

// Do carries out any other word of a person or a program. The answer is durable.
func (h *House) Do(ctx context.Context, name string, o actors.Order) (actors.Answer, error) {
	if o.ID == "" {
		o.ID = rand.Text() // likewise: a cancel that is sent twice must not end what was asked for in between
	}
	return h.answer(ctx, name, &question{Name: name, Order: &o})
}

// ForeseeWish says what would become of a wish, as far as is known here, and does nothing. Incidents of a rack that runs
// elsewhere are those of the journal: a suspect image is refused there too.
func (h *House) ForeseeWish(ctx context.Context, name string, r actors.Request) (actors.Answer, error) {
	f := h.shown(name)
	if f == h.all.Load() {
		h.readIncidents()
	}
	return f.ForeseeWish(ctx, name, r)
}

// ForeseeOrder does the same for an order.
func (h *House) ForeseeOrder(name string, o actors.Order) (actors.Answer, error) {
	return h.shown(name).ForeseeOrder(name, o)
}

func (h *House) answer(ctx context.Context, name string, q *question) (actors.Answer, error) {
	v := h.ByName(name)
	if v == nil {
		return actors.Answer{}, &actors.Problem{Kind: actors.NotFound, Text: fmt.Sprintf("there is no board %q", name), Remedy: "see the list of boards"}
	}
	q.Rack = v.Spec.Rack
	r, err := h.ask(ctx, q)
	h.owe(name, r.Seq)
	return r.Answer, err
}

// Ask hands evidence to the board's actor, wherever it is, and waits until what came of it is stored.
func (h *House) Ask(ctx context.Context, id string, e actors.Evidence) (board.Verdict, error) {
	q, err := h.about(id)
	if err != nil {
		return "", err
	}
	q.Evidence, q.Wait = &e, true
	r, err := h.ask(ctx, q)
	return r.Verdict, err
}

// Tell hands evidence to the board's actor, wherever it is, and returns at once.
func (h *House) Tell(id string, e actors.Evidence) {
	if q, err := h.about(id); err == nil {
		q.Evidence = &e
		h.tell(q)
	}
}

// Report hands over how far a transfer or a write has come. It may be lost.
func (h *House) Report(id string, t board.Token, p actors.Progress) {
	if q, err := h.about(id); err == nil {
		q.Report = &report{t, p}
		h.tell(q)
	}
}

// about begins a question about a board by its id.
func (h *House) about(id string) (*question, error) {
	v := h.all.Load().ByID(id)
	if v == nil {
		return nil, &actors.Problem{Kind: actors.NotFound, Text: "there is no board " + id, Remedy: "see the list of boards"}
	}
	return &question{Rack: v.Spec.Rack, Board: id}, nil
}

// tell asks without an answer: here at once, elsewhere in a goroutine of its own.
func (h *House) tell(q *question) {
	if t := (*h.here.Load())[q.Rack]; t != nil {
		h.carryOut(h.ending, t, q)
		return
	}
	select {
	case h.telling <- struct{}{}:
	default:
		return // a flood, such as of log lines: what matters comes again, or by another way
	}
	go func() {
		defer func() { <-h.telling }()
		ctx, cancel := context.WithTimeout(h.ending, untold)
		defer cancel()
		if _, err := h.ask(ctx, q); err != nil {
			h.log.Debug("cluster: evidence did not reach the rack's holder", "rack", q.Rack, "board", q.Board, "error", err)
		}
	}()
}

// Relay does what a person asks of one relay, at the server that holds the rack whose boards are behind that relay
// board.
func (h *House) Relay(ctx context.Context, power string, do actors.RelayDo, by string, force bool) (bool, error) {
	sw, err := h.cfg.Fleet.Power.Parse(power)
	if err != nil {
		return false, &actors.Problem{Kind: actors.BadRequest, Text: err.Error()}
	}
	rack, err := h.rackOf(sw.Board)
	if err != nil {
		return false, err
	}
	r, err := h.ask(ctx, &question{Rack: rack, Relay: &relayOrder{power, do, by, force}})
	return r.On, err
}

// ask finds the rack's actors anew for each try, until they answer or ctx ends.
func (h *House) ask(ctx context.Context, q *question) (reply, error) {
	id := rand.Text()
	for {
		r, err := h.try(ctx, id, q)
		if err == nil && !r.NotHere {
			return r, r.err()
		}
		if err == nil {
			id = rand.Text() // "not here" would be remembered, and may be true no longer
		}
		if errors.Is(err, ask.ErrLost) && !q.again() {
			return reply{}, unavailable("the server that holds rack %s has not answered: it may have been done", q.Rack)
		}
		select {
		case <-time.After(pause/2 + mrand.N(pause)):
		case <-h.ending.Done():
			return reply{}, unavailable("the server is stopping")
		case <-ctx.Done():
			return reply{}, unavailable("no server answers for rack %s now", q.Rack)
		}
	}
}

// try asks once: here, or the server that seems to hold the rack.
func (h *House) try(ctx context.Context, id string, q *question) (reply, error) {
	if t := (*h.here.Load())[q.Rack]; t != nil {
		r := h.carryOut(ctx, t, q)
		// Actors that ended amid the question leave it open; the next holder knows a repeat.
		r.NotHere = r.NotHere || r.Problem != nil && r.Problem.Kind == actors.Unavailable && q.again() && h.fleet(q.Rack) != t.fleet
		return r, nil
	}
	holder := h.cfg.Peers.Holder(q.Rack)
	if holder == "" || holder == h.cfg.Server {
		return reply{NotHere: true}, nil // its actors are about to start
	}
	body, err := json.Marshal(q)
	if err != nil {
		return reply{}, fmt.Errorf("encode a question about rack %s: %w", q.Rack, err)
	}
	ctx, cancel := context.WithTimeout(ctx, oneTry)
	defer cancel()
	var r reply
	err = h.cfg.Peers.Ask(ctx, holder, ask.Question{ID: id, Subject: aboutBoard, Body: body}, &r)
	return r, err
}

// Answer answers another server's question; it is an ask.Handler. It never asks further.
func (h *House) Answer(ctx context.Context, asked ask.Question) any {
	switch asked.Subject {
	case aboutLog:
		return h.linesHere(ctx, asked.Body)
	case aboutMoments:
		return h.momentsHere(ctx, asked.Body)
	case aboutDetails:
		return h.detailsHere(ctx, asked.Body)
	case aboutRelays:
		return reply{Relays: h.relaysHere()}
	case aboutLate:
		return h.lateHere()
	case aboutWhy:
		return h.whyHere(asked.Body)
	}
	var q question
	if err := json.Unmarshal(asked.Body, &q); err != nil {
		return reply{Error: fmt.Sprintf("read a question of %s: %v", asked.From, err)}
	}
	t := (*h.here.Load())[q.Rack]
	if t == nil {
		return reply{NotHere: true}
	}
	return h.carryOut(ctx, t, &q)
}
