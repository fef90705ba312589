package persistence

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Fence shuts out the changes of a rack's older epochs, also for boards that
// the new owner has not written yet. It is part of an Op that grants the rack.
func Fence(tx KV, rack string, epoch uint64) error {
	return tx.Set(namedKey('f', rack), binary.BigEndian.AppendUint64(nil, epoch))
}

// fenced judges a change by the fence of its rack. racks: the rack has one, and by that alone the epoch is judged; the
// epochs of a rack that the board was in before say nothing.
func (c Change) fenced(tx KV) (racks bool, err error) {
	if c.Rack == "" {
		return false, nil
	}
	value, err := tx.Get(namedKey('f', c.Rack))
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if len(value) != 8 {
		return false, fmt.Errorf("fence of rack %s has %d bytes", c.Rack, len(value))
	}
	if lowest := binary.BigEndian.Uint64(value); c.Epoch < lowest {
		return false, fmt.Errorf("commit board %s with epoch %d, rack %s is at %d: %w", c.Board, c.Epoch, c.Rack, lowest, ErrFenced)
	}
	return true, nil
}
