package persistence

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// LogOptions say how much is kept. The zero value of a field is its default.
type LogOptions struct {
	Logger        *slog.Logger     // nil = silence
	Metrics       *Metrics         // nil = silence
	Now           func() time.Time // default time.Now
	MaxAge        time.Duration    // default 14 days
	MaxBytes      int64            // of all lines; default 4 GiB
	MaxBoardBytes int64            // of one board's lines; default 64 MiB
	SegmentBytes  int64            // a file is closed at this size; default 8 MiB
	Buffer        int64            // bytes not yet written; beyond it lines are dropped; default 4 MiB
	BoardRate     int              // lines a second and board; default 2000
	BoardBurst    int              // lines at once and board; default 10000
	SyncEvery     time.Duration    // default 500 ms: what a killed process may lose
	// Uptime is a clock that nobody sets; default: since opening.
	Uptime func() time.Duration

	lazy bool // for tests: what is in the buffer is written by Sync and Query only
}

// maxSegment bounds SegmentBytes and Buffer, so that offsets fit the index.
const maxSegment = 1 << 30

func (o LogOptions) withDefaults() LogOptions {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.MaxAge = orDefault(o.MaxAge, 14*24*time.Hour)
	o.MaxBytes = orDefault(o.MaxBytes, 4<<30)
	o.MaxBoardBytes = orDefault(o.MaxBoardBytes, 64<<20)
	if o.Uptime == nil {
		opened := time.Now()
		o.Uptime = func() time.Duration { return time.Since(opened) }
	}
	o.SegmentBytes = min(orDefault(o.SegmentBytes, 8<<20), maxSegment)
	o.Buffer = min(orDefault(o.Buffer, 4<<20), maxSegment)
	o.BoardRate = orDefault(o.BoardRate, 2000)
	o.BoardBurst = orDefault(o.BoardBurst, 10000)
	o.SyncEvery = orDefault(o.SyncEvery, time.Second/2)
	return o
}

func orDefault[T int | int64 | time.Duration](v, or T) T {
	if v <= 0 {
		return or
	}
	return v
}

// FileLogs is Logs on append-only segments that all boards share: one file is
// synced each second however many boards talk.
type FileLogs struct {
	opt LogOptions
	dir string

	mu      sync.Mutex // intake: what Append touches, held for moments only
	pending []byte
	active  *segment // its index runs ahead of its file by pending
	rates   map[string]*bucket
	dropped uint64
	waiting uint64 // lines in pending
	writing uint64 // lines on their way to the file, guarded by flush
	follows map[*follower]struct{}
	closed  bool
	flush   sync.Mutex // the file; taken before mu
	file    *os.File
	sealed  []*segment    // guarded by flush
	spare   []byte        // the buffer not in use, guarded by flush
	changes uint64        // segments deleted or rewritten, guarded by flush
	retain  retainer      // guarded by flush
	half    chan struct{} // poked when the buffer is half full
	stop    chan struct{}
	tasks   sync.WaitGroup
	fsync   func(*os.File) error // (*os.File).Sync, but for tests
}

var errLogsClosed = errors.New("logs are closed")

// OpenLogs opens or makes the logs in dir (…/logs) and cuts off a torn tail.
// One process only: the journal's lock beside it sees to that.
func OpenLogs(dir string, opt LogOptions) (*FileLogs, error) {
	l := &FileLogs{opt: opt.withDefaults(), dir: dir, rates: map[string]*bucket{}, follows: map[*follower]struct{}{},
		half: make(chan struct{}, 1), stop: make(chan struct{}), fsync: (*os.File).Sync}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make log folder: %w", err)
	}
	if err := l.readSegments(); err != nil {
		return nil, err
	}
	l.retain.steadySince = l.opt.Uptime()
	if err := l.openActive(); err != nil {
		return nil, err
	}
	l.tasks.Go(l.syncOften)
	l.tasks.Go(l.writeEarly)
	return l, nil
}

// openActive goes on with the last segment, behind its last whole record.
func (l *FileLogs) openActive() error {
	active := newSegment(l.dir, 1)
	if n := len(l.sealed); n > 0 {
		active, l.sealed = l.sealed[n-1], l.sealed[:n-1]
	}
	f, err := os.OpenFile(active.path, os.O_WRONLY|os.O_CREATE, 0o640)
	if err != nil {
		return fmt.Errorf("open log segment: %w", err)
	}
	if err := f.Truncate(active.size); err != nil {
		return errors.Join(fmt.Errorf("cut torn tail of %s: %w", active.path, err), f.Close())
	}
	l.active, l.file = active, f
	return syncFolder(l.dir)
}

// syncOften syncs and cleans up, until Close ends it.
func (l *FileLogs) syncOften() {
	tick := time.NewTicker(l.opt.SyncEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := l.Sync(); err != nil {
				l.opt.Logger.Error("logs: lines are not on disk", "folder", l.dir, "err", err)
			}
		case <-l.stop:
			return
		}
	}
}

// writeEarly writes what would not fit until the next sync, also while one waits for the disk; Close ends it.
func (l *FileLogs) writeEarly() {
	for {
		select {
		case <-l.half:
			if err := l.writeHalf(); err != nil {
				l.opt.Logger.Error("logs: lines are lost", "folder", l.dir, "err", err)
			}
		case <-l.stop:
			return
		}
	}
}

// Close implements Logs.
func (l *FileLogs) Close() error {
	l.mu.Lock()
	already := l.closed
	l.closed = true
	for f := range l.follows {
		close(f.lines)
	}
	clear(l.follows)
	l.mu.Unlock()
	if already {
		return nil
	}
	close(l.stop)
	l.tasks.Wait()
	err := l.Sync()
	l.flush.Lock()
	defer l.flush.Unlock()
	return errors.Join(err, l.file.Close())
}
