package persistence

import (
	"context"
	"fmt"
	"iter"
)

// store is what differs between journals: how a write is carried out and
// answered, and how a reading transaction is had. size is in bytes, about.
type store interface {
	write(ctx context.Context, size int, fn func(kv) error) error
	read(ctx context.Context, fn func(kv) error) error
}

// core is the Journal above a store: the same rules for all of them.
type core struct{ store }

// Commit implements Journal.
func (j core) Commit(ctx context.Context, c Change) error {
	if err := c.check(); err != nil {
		return err
	}
	size := len(c.Record) + len(c.Event) + len(c.Inputs) + headSize + 4*len(c.Board)
	if err := j.write(ctx, size, c.commit); err != nil {
		return fmt.Errorf("commit board %s: %w", c.Board, err)
	}
	return nil
}

// Retire implements Journal.
func (j core) Retire(ctx context.Context, board string, epoch, prevSeq uint64) error {
	if err := checkName("board", board); err != nil {
		return err
	}
	size := (KeepEvents + KeepAttempts) * (len(board) + 16) // keys only
	err := j.write(ctx, size, func(tx kv) error { return retire(tx, board, epoch, prevSeq) })
	if err != nil {
		return fmt.Errorf("retire board %s: %w", board, err)
	}
	return nil
}

// Load implements Journal. Everything is read before the first board is
// yielded, so that the loop's body may commit, and take its time.
func (j core) Load(ctx context.Context, prefix string) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		var all []Stored
		err := j.read(ctx, func(tx kv) (err error) {
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
func (j core) Events(ctx context.Context, board string, limit int) (events []Event, err error) {
	err = j.read(ctx, func(tx kv) (err error) {
		events, err = readEvents(tx, board, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read events of board %s: %w", board, err)
	}
	return events, nil
}

// Attempts implements Journal.
func (j core) Attempts(ctx context.Context, board string, limit int) (attempts []Attempt, err error) {
	err = j.read(ctx, func(tx kv) (err error) {
		attempts, err = readAttempts(tx, board, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read attempts of board %s: %w", board, err)
	}
	return attempts, nil
}
