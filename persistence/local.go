package persistence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// Options of a local journal. The zero value of a field is its default.
type Options struct {
	// Logger hears of a full disk, of healing, and what Badger warns of;
	// nil = silence.
	Logger *slog.Logger
	// MinFree is the free space, in bytes, below which nothing is written
	// and ErrUnavailable answered; default 64 MiB. Badger writes through
	// memory maps of sparse files: on a full disk that kills the process
	// instead of failing. Raise it where others write to the same disk fast.
	MinFree uint64
	// Metrics are told of commits and transactions; nil = silence.
	Metrics *Metrics
	// Queue is how many commits may wait for the writer; default 4096.
	// Beyond it Commit waits for room until its context ends.
	Queue int

	// Seams for tests; nil = the real thing.
	commitTxn func(*badger.Txn) error
	freeSpace func(dir string) (uint64, error)
}

// Local is the Journal of one server: Badger, written by one goroutine that
// commits in one synced transaction all that queued up meanwhile.
type Local struct {
	Core
	s *localStore
}

var errClosed = fmt.Errorf("%w: it is closed", ErrUnavailable)

// notHandedOver is the answer when the context ended before anything happened.
func notHandedOver(ctx context.Context) error {
	return fmt.Errorf("%w: nothing was stored: %w", ErrUnavailable, context.Cause(ctx))
}

// localStore: mu guards db against being replaced while it is read; the
// writer alone replaces it.
type localStore struct {
	opt     Options
	dir     string
	log     *slog.Logger
	lock    *os.File
	mu      sync.RWMutex
	db      *badger.DB // nil = closed, or not yet healed
	suspect bool       // the writer's: a commit failed, see heal
	queue   chan *request
	stop    chan struct{} // closed by Close; ends the writer
	done    chan struct{} // closed by the writer when it ended
	ending  sync.Once
}

// OpenLocal opens or makes the journal in dir (…/journal). It refuses a
// folder that another process uses, that cannot be written, or that another
// format was written to, each with a sentence.
func OpenLocal(dir string, opt Options) (*Local, error) {
	s, err := openStore(dir, opt, formatLocal)
	if err != nil {
		return nil, err
	}
	s.queue = make(chan *request, s.opt.Queue)
	s.stop, s.done = make(chan struct{}), make(chan struct{})
	go s.run()
	return &Local{NewCore(s), s}, nil
}

// openStore opens a folder of one of the formats, without a writer.
func openStore(dir string, opt Options, formats ...string) (*localStore, error) {
	s := &localStore{opt: opt.withDefaults(), dir: dir}
	s.log = s.opt.Logger
	lock, err := claimFolder(dir, formats)
	if err != nil {
		return nil, err
	}
	s.lock = lock
	if err := s.checkSpace(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	if s.db, err = s.openBadger(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MinFree == 0 {
		o.MinFree = 64 << 20
	}
	if o.Queue <= 0 {
		o.Queue = 4096
	}
	if o.commitTxn == nil {
		o.commitTxn = (*badger.Txn).Commit
	}
	if o.freeSpace == nil {
		o.freeSpace = FreeSpace
	}
	return o
}

// openBadger uses the sizes that fit a store of boards; the defaults
// allocate 2 GB for it. DetectConflicts is off because one goroutine writes.
func (s *localStore) openBadger() (*badger.DB, error) {
	o := badger.DefaultOptions(filepath.Join(s.dir, "badger")).
		WithSyncWrites(true).
		WithMemTableSize(8 << 20).WithNumMemtables(2).
		WithBlockCacheSize(8 << 20).WithIndexCacheSize(8 << 20).
		WithValueLogFileSize(16 << 20).
		WithNumCompactors(2).WithCompression(options.None).
		WithDetectConflicts(false).WithCompactL0OnClose(true).
		WithBypassLockGuard(true). // LOCK guards the folder, also while heal reopens
		WithLogger(badgerLog{s.log})
	db, err := badger.Open(o)
	if err != nil {
		return nil, fmt.Errorf("open journal in %s: %w", s.dir, err)
	}
	return db, nil
}

// Close implements Journal: what is queued is written and answered first.
func (j *Local) Close() error {
	j.s.ending.Do(func() { close(j.s.stop) })
	<-j.s.done
	return j.s.letGo()
}

// letGo closes the store and unlocks the folder; once is enough.
func (s *localStore) letGo() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		return nil
	}
	var err error
	if s.db != nil {
		err = s.db.Close()
	}
	err = errors.Join(err, unlockFile(s.lock))
	s.db, s.lock = nil, nil
	if err != nil {
		return fmt.Errorf("close journal in %s: %w", s.dir, err)
	}
	return nil
}

// Read implements Store.
func (s *localStore) Read(ctx context.Context, fn func(KV) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return errClosed
	}
	if ctx.Err() != nil {
		return notHandedOver(ctx)
	}
	return s.db.View(func(txn *badger.Txn) error { return fn(badgerKV{txn}) })
}
