package persistence

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// kv is what the rules need of a store: one transaction that sees its own
// writes. get answers ErrNotFound; scan goes in order of keys.
type kv interface {
	get(key []byte) ([]byte, error)
	set(key, value []byte) error
	del(key []byte) error
	scan(prefix []byte, backwards bool, fn func(key, value []byte) bool) error
}

// check names the first field of a change that cannot be stored.
func (c Change) check() error {
	if err := checkName("board", c.Board); err != nil {
		return err
	}
	sizes := []struct {
		what      string
		size, max int
	}{
		{"record", len(c.Record), MaxRecord},
		{"event", len(c.Event), MaxEvent},
		{"inputs", len(c.Inputs), MaxInputs},
	}
	for _, s := range sizes {
		if s.size > s.max {
			return fmt.Errorf("%w: %s of board %s has %d bytes, at most %d fit", ErrInvalid, s.what, c.Board, s.size, s.max)
		}
	}
	if len(c.Record) == 0 {
		return fmt.Errorf("%w: board %s has no record; to remove a board, retire it", ErrInvalid, c.Board)
	}
	if c.Attempt != nil && len(c.Attempt.Summary) > MaxSummary {
		return fmt.Errorf("%w: summary of attempt %d of board %s has %d bytes, at most %d fit",
			ErrInvalid, c.Attempt.Number, c.Board, len(c.Attempt.Summary), MaxSummary)
	}
	return nil
}

// judge decides on a change by the stored head alone. The fence comes first:
// an old owner is told so even where it repeats itself.
func judge(h head, c Change) (repeat bool, err error) {
	switch {
	case c.Epoch < h.epoch:
		return false, fmt.Errorf("commit board %s with epoch %d, stored is %d: %w", c.Board, c.Epoch, h.epoch, ErrFenced)
	case h.seq == c.PrevSeq+1 && h.hash == c.hash():
		return true, nil
	case h.seq != c.PrevSeq:
		return false, fmt.Errorf("commit board %s after sequence %d, stored is %d: %w", c.Board, c.PrevSeq, h.seq, ErrConflict)
	}
	return false, nil
}

// commit judges, and writes only what was judged good.
func (c Change) commit(tx kv) error {
	h, err := readHead(tx, c.Board)
	if err != nil {
		return err
	}
	repeat, err := judge(h, c)
	if repeat || err != nil {
		return err
	}
	h.epoch, h.seq, h.hash = c.Epoch, c.PrevSeq+1, c.hash()
	if len(c.Event) > 0 {
		value := append(binary.BigEndian.AppendUint64(nil, h.seq), c.Event...)
		if err := tx.set(eventKey(c.Board, h.events), value); err != nil {
			return err
		}
		h.events++
	}
	if err := c.writeInputs(tx); err != nil {
		return err
	}
	if err := c.writeAttempt(tx); err != nil {
		return err
	}
	return tx.set(boardKey(c.Board, 'r'), h.encode(c.Record))
}

func (c Change) writeInputs(tx kv) error {
	switch {
	case c.Inputs == nil:
		return nil
	case len(c.Inputs) == 0:
		return tx.del(boardKey(c.Board, 'i'))
	}
	return tx.set(boardKey(c.Board, 'i'), c.Inputs)
}

func (c Change) writeAttempt(tx kv) error {
	if c.Attempt == nil {
		return nil
	}
	if n := c.Attempt.Number; n >= KeepAttempts {
		if err := tx.del(attemptKey(c.Board, n-KeepAttempts)); err != nil {
			return err
		}
	}
	return tx.set(attemptKey(c.Board, c.Attempt.Number), c.Attempt.Summary)
}

// retire removes everything of a board. A board that is gone is a repeat.
func retire(tx kv, board string, epoch, prevSeq uint64) error {
	h, err := readHead(tx, board)
	if err != nil {
		return err
	}
	if h.seq == 0 {
		return nil
	}
	if epoch < h.epoch {
		return fmt.Errorf("retire board %s with epoch %d, stored is %d: %w", board, epoch, h.epoch, ErrFenced)
	}
	if prevSeq != h.seq {
		return fmt.Errorf("retire board %s after sequence %d, stored is %d: %w", board, prevSeq, h.seq, ErrConflict)
	}
	var keys [][]byte
	for _, letter := range []byte("bea") {
		err := tx.scan(namedKey(letter, board), false, func(key, _ []byte) bool {
			keys = append(keys, key)
			return true
		})
		if err != nil {
			return err
		}
	}
	for _, key := range keys {
		if err := tx.del(key); err != nil {
			return err
		}
	}
	return nil
}

func readHead(tx kv, board string) (head, error) {
	value, err := tx.get(boardKey(board, 'r'))
	if errors.Is(err, ErrNotFound) {
		return head{}, nil
	}
	if err != nil {
		return head{}, err
	}
	h, _, err := decodeHead(value)
	if err != nil {
		return head{}, fmt.Errorf("read board %s: %w", board, err)
	}
	return h, nil
}
