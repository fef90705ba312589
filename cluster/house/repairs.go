package house

import (
	"context"
	"crypto/rand"

	"mozpool/actors"
)

// Repaired closes a board's failed rest, wherever its rack is, as a fleet does.
func (h *House) Repaired(ctx context.Context, name string, o actors.RepairOrder) (actors.Answer, error) {
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
