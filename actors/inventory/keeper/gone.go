package keeper

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"mozpool/actors/inventory"
)

// goneDocs are the boards that were removed, and when, until they are forgotten.
const goneDocs = "inventory-gone"

// Kept is how long what is known of a removed board is kept: a board that comes back in that time goes on.
const Kept = 90 * 24 * time.Hour

// gone is one of them.
type gone struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
}

// noteGone keeps when a board was removed.
func (k *Keeper) noteGone(ctx context.Context, b inventory.Spec, at time.Time) error {
	return k.put(ctx, goneDocs, docName(b.ID), gone{b.ID, at})
}

// forget has all that is known of boards forgotten that were removed long ago.
func (k *Keeper) forget(ctx context.Context) error {
	if k.cfg.Forget == nil {
		return nil
	}
	docs, err := k.cfg.Journal.ListDocs(ctx, goneDocs, "")
	if err != nil {
		return fmt.Errorf("look for boards that were removed long ago: %w", err)
	}
	known := k.Boards()
	for _, d := range docs {
		var g gone
		if err := json.Unmarshal(d.Data, &g); err != nil {
			return fmt.Errorf("document %s/%s: %w", d.Kind, d.Name, err)
		}
		back := slices.ContainsFunc(known, func(b inventory.Spec) bool { return b.ID == g.ID })
		if !back && k.cfg.Clock().Sub(g.At) < Kept {
			continue
		}
		if !back {
			if err := k.cfg.Forget(ctx, g.ID); err != nil {
				return err
			}
			k.log.Info("a board that was removed long ago is forgotten", "id", g.ID, "removed", g.At)
		}
		if err := k.cfg.Journal.DeleteDoc(ctx, goneDocs, d.Name); err != nil {
			return err
		}
	}
	return nil
}
