package house

import (
	"context"
	"crypto/rand"
	"fmt"

	"mozpool/actors"
)

// Repaired closes a board's failed rest, wherever its rack is, as a fleet does.
func (h *House) Repaired(ctx context.Context, name string, o actors.RepairOrder) (actors.Answer, error) {
	if err := h.all.Load().Exchangeable(name, o); err != nil {
		return actors.Answer{}, err
	}
	if o.ID == "" {
		o.ID = rand.Text()
	}
	return h.answer(ctx, name, &question{Name: name, Repair: &o})
}

// Repairs are the last repairs of a board, the newest first.
func (h *House) Repairs(ctx context.Context, name string) ([]actors.Repair, error) {
	return h.shown(name).Repairs(ctx, name)
}

// RepairList are the boards of all racks that have failed, or are suspected, in walking order, as this server's copy of
// the journal has them.
func (h *House) RepairList() []actors.ToRepair {
	h.readIncidents()
	return h.all.Load().RepairList()
}

// ClearImage ends the suspicion against an image in all racks, each at the server that holds it.
func (h *House) ClearImage(image, by string) ([]actors.Incident, error) {
	var closed []actors.Incident
	for _, i := range h.Incidents() {
		if !i.Closed.IsZero() || image == "" || i.ImageOf() != image {
			continue
		}
		one, err := h.CloseIncident(i.ID, by)
		if err != nil {
			return closed, err
		}
		closed = append(closed, one)
	}
	if len(closed) == 0 {
		return nil, &actors.Problem{Kind: actors.NotFound, Text: fmt.Sprintf("image %q is not suspect", image), Remedy: "see mozpool incident list"}
	}
	return closed, nil
}
