package persistence

import (
	"context"
	"fmt"
)

// Ready says whether a change would be stored now: nil, or ErrUnavailable (the folder is gone, full or broken), or
// ErrUnknown (the disk did not answer before ctx ended). It goes the way of every commit, through the writer and the
// check for space, heals a store that failed, and writes nothing, so asking often costs next to nothing.
func (j *Local) Ready(ctx context.Context) error {
	if err := j.s.Write(ctx, Nothing()); err != nil {
		return fmt.Errorf("journal stores nothing: %w", err)
	}
	return nil
}
