package keeper

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"mozpool/persistence"
)

// planPart is how much of a plan one document holds, in bytes.
const planPart = persistence.MaxDoc / 2

// putParts stores a value of any size as the only one of its kind.
func (k *Keeper) putParts(ctx context.Context, kind string, value any) error {
	if err := k.deleteParts(ctx, kind); err != nil {
		return err
	}
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	part := 0
	for chunk := range slices.Chunk(data, planPart) {
		if err := k.cfg.Journal.PutDoc(ctx, persistence.Doc{Kind: kind, Name: fmt.Sprintf("part-%06d", part), Data: chunk}); err != nil {
			return err
		}
		part++
	}
	return nil
}

// getParts reads it back; false: there is none, or a crash came between two of
// its parts. The next sync makes such a plan again.
func (k *Keeper) getParts(ctx context.Context, kind string, into any) (whole bool, err error) {
	docs, err := k.cfg.Journal.ListDocs(ctx, kind, "")
	if err != nil || len(docs) == 0 {
		return false, err
	}
	var data []byte
	for _, d := range docs {
		data = append(data, d.Data...)
	}
	if err := json.Unmarshal(data, into); err != nil {
		k.log.Warn("a plan of the inventory is not whole; the next sync makes it again", "kind", kind, "error", err)
		return false, nil
	}
	return true, nil
}

// deleteParts removes it, the last part first, so that what a crash leaves is not whole.
func (k *Keeper) deleteParts(ctx context.Context, kind string) error {
	docs, err := k.cfg.Journal.ListDocs(ctx, kind, "")
	if err != nil {
		return err
	}
	for _, d := range slices.Backward(docs) {
		if err := k.cfg.Journal.DeleteDoc(ctx, kind, d.Name); err != nil {
			return err
		}
	}
	return nil
}
