package persistence

import (
	"encoding/binary"
	"errors"
	"fmt"
)

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
func (c Change) apply(tx KV) error {
	racks, err := c.fenced(tx)
	if err != nil {
		return err
	}
	h, err := readHead(tx, c.Board)
	if err != nil {
		return err
	}
	if racks {
		h.epoch = min(h.epoch, c.Epoch)
	}
	repeat, err := judge(h, c)
	if repeat || err != nil {
		return err
	}
	h.epoch, h.seq, h.hash = c.Epoch, c.PrevSeq+1, c.hash()
	if len(c.Event) > 0 {
		value := append(binary.BigEndian.AppendUint64(nil, h.seq), c.Event...)
		if err := tx.Set(eventKey(c.Board, h.events), value); err != nil {
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
	return tx.Set(boardKey(c.Board, 'r'), h.encode(c.Record))
}

func (c Change) writeInputs(tx KV) error {
	switch {
	case c.Inputs == nil:
		return nil
	case len(c.Inputs) == 0:
		return tx.Delete(boardKey(c.Board, 'i'))
	}
	return tx.Set(boardKey(c.Board, 'i'), c.Inputs)
}

func (c Change) writeAttempt(tx KV) error {
	if c.Attempt == nil {
		return nil
	}
	if n := c.Attempt.Number; n >= KeepAttempts {
		if err := tx.Delete(attemptKey(c.Board, n-KeepAttempts)); err != nil {
			return err
		}
	}
	return tx.Set(attemptKey(c.Board, c.Attempt.Number), c.Attempt.Summary)
}

// retire removes everything of a board. A board that is gone is a repeat.
func retire(tx KV, board string, epoch, prevSeq uint64) error {
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
		err := tx.Scan(namedKey(letter, board), false, func(key, _ []byte) bool {
			keys = append(keys, key)
			return true
		})
		if err != nil {
			return err
		}
	}
	for _, key := range keys {
		if err := tx.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

func readHead(tx KV, board string) (head, error) {
	value, err := tx.Get(boardKey(board, 'r'))
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
