package actors

import (
	"context"
	"errors"
	"fmt"

	"mozpool/persistence"
)

// Forget removes all that the journal has of a board that is gone for good: its record, history and attempts, its
// repairs, and what is known of its card. No fleet may have the board.
func Forget(ctx context.Context, j persistence.Journal, id string) error {
	for s, err := range j.Load(ctx, id) {
		if err != nil {
			return fmt.Errorf("forget board %s: %w", id, err)
		}
		if s.Board != id {
			continue // ids that begin alike
		}
		if err := j.Retire(ctx, id, s.Epoch, s.Seq); err != nil {
			return err
		}
	}
	return errors.Join(j.DeleteDoc(ctx, repairDocs, id), j.DeleteDoc(ctx, cardDocs, id))
}
