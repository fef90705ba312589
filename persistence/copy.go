package persistence

import (
	"errors"
	"fmt"
	"os"
)

// Moment takes the journal as it is now, without waiting: commits go on, and
// are not in it.
func (j *Local) Moment() (*Moment, error) { return (&State{j.s}).Moment() }

// Alone is the same moment for a server by itself: boards, events, attempts
// and documents, but for those of kinds that are about servers. Fences and
// epochs are of leases that nobody will hold; a server by itself begins with
// the first epoch, and would be shut out by a later one.
func (m *Moment) Alone(aboutServers func(docKind string) bool) *Moment {
	return &Moment{kv: m.kv, Release: m.Release, alone: aboutServers}
}

func (m *Moment) eachAlone(fn func(key, value []byte) bool) error {
	var broken error
	on := true
	for _, letter := range []byte{'a', 'b', 'd', 'e'} {
		err := m.kv.Scan([]byte{letter, 0}, false, func(key, value []byte) bool {
			if letter == 'd' && m.alone(docKindOf(key)) {
				return true
			}
			if letter == 'b' && key[len(key)-1] == 'r' {
				value, broken = withoutEpoch(value)
			}
			on = broken == nil && fn(key, value)
			return on
		})
		if err := errors.Join(err, broken); err != nil || !on {
			return err
		}
	}
	return nil
}

// withoutEpoch is a record that any epoch may change.
func withoutEpoch(value []byte) ([]byte, error) {
	h, record, err := decodeHead(value)
	if err != nil {
		return nil, err
	}
	h.epoch = 0
	return h.encode(record), nil
}

// FillLocal makes a journal in dir, which must not exist yet, of the keys and
// values that fill sets: those that a Moment gave out. It is there whole, or
// not at all.
func FillLocal(dir string, opt Options, fill func(set func(key, value []byte) error) error) error {
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is there already; name an empty folder, or move it away", dir)
	}
	fresh := dir + ".restoring"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("clear what an earlier restore left: %w", err)
	}
	s, err := openStore(fresh, opt, formatLocal)
	if err != nil {
		return err
	}
	st := &State{s}
	if err := errors.Join(st.Replace(fill), st.Close()); err != nil {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	if err := os.Rename(fresh, dir); err != nil {
		return fmt.Errorf("put the journal in place: %w", err)
	}
	return syncFolder(dir)
}
