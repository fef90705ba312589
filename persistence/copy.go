package persistence

import (
	"errors"
	"fmt"
	"os"
)

// Moment takes the journal as it is now, without waiting: commits go on, and
// are not in it.
func (j *Local) Moment() (*Moment, error) { return (&State{j.s}).Moment() }

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
