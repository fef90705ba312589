package persistence

import (
	"context"
	"fmt"
	"iter"
)

// Store is what differs between journals: how a write is carried out and
// answered, and how a reading transaction is had.
type Store interface {
	// Write applies op, durably, and answers what op.Apply answered; or
	// ErrUnavailable or ErrUnknown, as Journal.Commit does.
	Write(ctx context.Context, op Op) error
	// Read shows one moment to fn, or answers ErrUnavailable.
	Read(ctx context.Context, fn func(KV) error) error
}

// Core is all of Journal but Close above a Store: the same rules for all of
// them. Journals embed it.
type Core struct{ store Store }

// NewCore puts the rules above a store.
func NewCore(s Store) Core { return Core{s} }

// Commit implements Journal.
func (j Core) Commit(ctx context.Context, c Change) error {
	if err := c.check(); err != nil {
		return err
	}
	if err := j.store.Write(ctx, commitOp{c}); err != nil {
		return fmt.Errorf("commit board %s: %w", c.Board, err)
	}
	return nil
}

// Retire implements Journal.
func (j Core) Retire(ctx context.Context, board string, epoch, prevSeq uint64) error {
	if err := checkName("board", board); err != nil {
		return err
	}
	err := j.store.Write(ctx, retireOp{board, epoch, prevSeq})
	if err != nil {
		return fmt.Errorf("retire board %s: %w", board, err)
	}
	return nil
}

// Load implements Journal. Everything is read before the first board is
// yielded, so that the loop's body may commit, and take its time.
func (j Core) Load(ctx context.Context, prefix string) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		var all []Stored
		err := j.store.Read(ctx, func(tx KV) (err error) {
			all, err = loadAll(ctx, tx, prefix)
			return err
		})
		if err != nil {
			yield(Stored{}, fmt.Errorf("load boards %q: %w", prefix, err))
			return
		}
		for _, s := range all {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// Events implements Journal.
func (j Core) Events(ctx context.Context, board string, limit int) (events []Event, err error) {
	err = j.store.Read(ctx, func(tx KV) (err error) {
		events, err = readEvents(tx, board, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read events of board %s: %w", board, err)
	}
	return events, nil
}

// Attempts implements Journal.
func (j Core) Attempts(ctx context.Context, board string, limit int) (attempts []Attempt, err error) {
	err = j.store.Read(ctx, func(tx KV) (err error) {
		attempts, err = readAttempts(tx, board, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read attempts of board %s: %w", board, err)
	}
	return attempts, nil
}
