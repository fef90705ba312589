package house

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"mozpool/actors"
)

// Incidents are the open ones of all racks and the last that were closed, the newest first: those of racks that run
// here as their actors know them, the others as this server's copy of the journal has them.
func (h *House) Incidents() []actors.Incident {
	h.readIncidents()
	known := make(map[string]actors.Incident)
	for _, i := range h.all.Load().Incidents() {
		known[i.ID] = i
	}
	for rack, t := range *h.here.Load() {
		for _, i := range t.fleet.Incidents() {
			if i.Rack == rack {
				known[i.ID] = i
			}
		}
	}
	list := make([]actors.Incident, 0, len(known))
	for _, i := range known {
		list = append(list, i)
	}
	slices.SortFunc(list, func(a, b actors.Incident) int {
		return cmp.Or(b.Opened.Compare(a.Opened), cmp.Compare(b.ID, a.ID))
	})
	return list
}

// readIncidents has the boards that are shown know what the journal has.
func (h *House) readIncidents() {
	ctx, cancel := context.WithTimeout(h.ending, gather)
	defer cancel()
	if err := h.all.Load().ReadIncidents(ctx); err != nil {
		h.log.Warn("incidents cannot be read; those known before are shown", "error", err)
	}
}

// CloseIncident ends an incident on a person's word, at the server that holds its rack.
func (h *House) CloseIncident(id, by string) (actors.Incident, error) {
	ctx, cancel := context.WithTimeout(h.ending, untold)
	defer cancel()
	for _, i := range h.Incidents() {
		if i.ID == id {
			r, err := h.ask(ctx, &question{Rack: i.Rack, Close: &closeOrder{id, by}})
			return r.Incident, err
		}
	}
	return actors.Incident{}, &actors.Problem{Kind: actors.NotFound, Text: fmt.Sprintf("there is no incident %q", id), Remedy: "see the list of incidents"}
}

// Budget says how many boards of a rack may be between power-on and live environment now, how many are, and how many
// wait for their turn; of a rack that runs elsewhere only the first is known.
func (h *House) Budget(rack string) (places, held, queued int) {
	if f := h.fleet(rack); f != nil {
		return f.Budget(rack)
	}
	return h.all.Load().Budget(rack)
}

// TestRelay asks a relay board for a sign of life, at the server that holds its rack; no relay moves.
func (h *House) TestRelay(ctx context.Context, name string) error {
	rack, err := h.rackOf(name)
	if err != nil {
		return err
	}
	_, err = h.ask(ctx, &question{Rack: rack, Test: name})
	return err
}

// rackOf is the rack whose boards are behind a relay board.
func (h *House) rackOf(relayBoard string) (string, error) {
	for _, v := range h.all.Load().Views() {
		sw, err := h.cfg.Fleet.Power.Parse(v.Spec.Power)
		if err == nil && !sw.Manual() && sw.Board == relayBoard {
			return v.Spec.Rack, nil
		}
	}
	return "", &actors.Problem{Kind: actors.NotFound, Text: fmt.Sprintf("no board of the cluster is behind relay board %q", relayBoard),
		Remedy: "reach it with mozpool relay --direct"}
}

// CheckWiring cycles relays of a rack that runs here, and tells each what it found. It takes minutes and needs who
// listens to the rack's loaders, so it is not handed on.
func (h *House) CheckWiring(ctx context.Context, rack string, relays []string, by string, each func(actors.WiringStep)) error {
	if f := h.fleet(rack); f != nil {
		return f.CheckWiring(ctx, rack, relays, by, each)
	}
	holder := h.cfg.Peers.Holder(rack)
	if holder == "" && !slices.ContainsFunc(h.all.Load().Views(), func(v *actors.View) bool { return v.Spec.Rack == rack }) {
		return &actors.Problem{Kind: actors.NotFound, Text: fmt.Sprintf("there is no rack %q", rack), Remedy: "see: mozpool rack list"}
	}
	return &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("rack %s is held by %s", rack, cmp.Or(holder, "nobody")),
		Remedy: "ask the server that holds it, see: mozpool cluster racks and mozpool cluster members"}
}
