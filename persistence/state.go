package persistence

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
)

// State is the same store as Local's without its writer: for a log that
// decides the order of writes and repeats them after a crash. Update is called
// by one goroutine; reading is free to all. It takes over a folder of Local's,
// which Local then refuses.
type State struct{ s *localStore }

// restoringFile stands in the folder while Replace is under way.
const restoringFile = "RESTORING"

// OpenState opens or makes the store in dir, with the refusals of OpenLocal.
func OpenState(dir string, opt Options) (*State, error) {
	s, err := openStore(dir, opt, formatReplicated, formatLocal)
	if err != nil {
		return nil, err
	}
	return &State{s}, nil
}

// ErrTooBig says that the ops of one Update do not fit into one transaction.
var ErrTooBig = errors.New("more than one transaction holds")

// Update runs fn in one synced transaction: all of it is kept or nothing. An
// error of fn, ErrTooBig included, leaves the store as it was; after any other
// nobody knows, and the store must be closed and opened before the next.
func (st *State) Update(fn func(KV) error) error {
	st.s.mu.RLock()
	defer st.s.mu.RUnlock()
	if st.s.db == nil {
		return errClosed
	}
	if err := st.s.checkSpace(); err != nil {
		return err
	}
	txn := st.s.db.NewTransaction(true)
	defer txn.Discard()
	err := fn(badgerKV{txn})
	if errors.Is(err, badger.ErrTxnTooBig) {
		return fmt.Errorf("%w: %w", ErrTooBig, err)
	}
	if err != nil {
		return err
	}
	if err := st.s.opt.commitTxn(txn); err != nil {
		return fmt.Errorf("commit to journal in %s: %w", st.s.dir, err)
	}
	return nil
}

// View shows one moment to fn, or answers ErrUnavailable.
func (st *State) View(fn func(KV) error) error {
	st.s.mu.RLock()
	defer st.s.mu.RUnlock()
	if st.s.db == nil {
		return errClosed
	}
	return st.s.db.View(func(txn *badger.Txn) error { return fn(badgerKV{txn}) })
}

// SpaceFor answers ErrUnavailable, with a sentence for operators, if less than
// so many bytes are free. Update itself refuses below Options.MinFree.
func (st *State) SpaceFor(least uint64) error { return st.s.spaceFor(least) }

// Moment is the store as it was when it was taken, whatever is written after.
// It must be released, once or more.
type Moment struct {
	kv      badgerKV
	Release func()
	alone   func(docKind string) bool // see Alone; nil: all of it
}

// Moment takes one, without waiting for anything.
func (st *State) Moment() (*Moment, error) {
	st.s.mu.RLock()
	defer st.s.mu.RUnlock()
	if st.s.db == nil {
		return nil, errClosed
	}
	txn := st.s.db.NewTransaction(false)
	return &Moment{kv: badgerKV{txn}, Release: txn.Discard}, nil
}

// Each hands out everything in order of keys until fn answers false.
func (m *Moment) Each(fn func(key, value []byte) bool) error {
	if m.alone == nil {
		return m.kv.Scan(nil, false, fn)
	}
	return m.eachAlone(fn)
}

// Replace puts what fill sets in place of everything. Readers wait. If it does
// not come to its end, not even after a crash, Torn says so.
func (st *State) Replace(fill func(set func(key, value []byte) error) error) error {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	if st.s.db == nil {
		return errClosed
	}
	if err := writeFileSynced(st.torn(), []byte("a copy of the journal is being put in place\n")); err != nil {
		return err
	}
	if err := st.s.db.DropAll(); err != nil {
		return fmt.Errorf("empty journal in %s: %w", st.s.dir, err)
	}
	batch := st.s.db.NewWriteBatch()
	defer batch.Cancel()
	if err := fill(batch.Set); err != nil {
		return fmt.Errorf("fill journal in %s: %w", st.s.dir, err)
	}
	if err := batch.Flush(); err != nil {
		return fmt.Errorf("fill journal in %s: %w", st.s.dir, err)
	}
	if err := os.Remove(st.torn()); err != nil {
		return fmt.Errorf("fill journal in %s: %w", st.s.dir, err)
	}
	return syncFolder(st.s.dir)
}

// Torn reports whether a Replace did not come to its end.
func (st *State) Torn() bool {
	_, err := os.Stat(st.torn())
	return !errors.Is(err, os.ErrNotExist)
}

func (st *State) torn() string { return filepath.Join(st.s.dir, restoringFile) }

// Close lets go of the folder; once is enough.
func (st *State) Close() error { return st.s.letGo() }
