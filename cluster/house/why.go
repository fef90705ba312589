package house

import (
	"context"
	"encoding/json"
	"fmt"

	"mozpool/actors"
	"mozpool/cluster/ask"
)

// Why explains a board, and says how old that is where whoever acts for its rack is silent.
func (h *House) Why(name string) (actors.Why, error) {
	v := h.all.Load().ByName(name)
	w, err := h.explained(name, v)
	if err == nil && v != nil {
		w.Dated(h.AsOf(v.Spec.Rack))
	}
	return w, err
}

// explained asks the server that holds the board's rack. It knows more than the journal does, such as what is wrong with
// its relay board; where it does not answer within a second, this one says what it knows.
func (h *House) explained(name string, v *actors.View) (actors.Why, error) {
	if v == nil || h.fleet(v.Spec.Rack) != nil {
		return h.shown(name).Why(name)
	}
	if holder := h.cfg.Peers.Holder(v.Spec.Rack); holder != "" && holder != h.cfg.Server {
		ctx, cancel := context.WithTimeout(h.ending, gather)
		defer cancel()
		body, err := json.Marshal(name)
		if err != nil {
			return actors.Why{}, fmt.Errorf("ask about board %s: %w", name, err)
		}
		var r reply
		if err := h.cfg.Peers.Ask(ctx, holder, ask.Question{Subject: aboutWhy, Body: body}, &r); err == nil && r.Why != nil {
			return *r.Why, nil
		}
	}
	return h.shown(name).Why(name)
}

// whyHere answers another server.
func (h *House) whyHere(body []byte) (r reply) {
	var name string
	if err := json.Unmarshal(body, &name); err != nil {
		return reply{Error: fmt.Sprintf("read which board is asked about: %v", err)}
	}
	if v := h.all.Load().ByName(name); v == nil || h.fleet(v.Spec.Rack) == nil {
		return reply{NotHere: true}
	}
	w, err := h.shown(name).Why(name)
	r.Why = &w
	r.fail(err)
	return r
}
