// Package trail keeps the details of attempts beside the journal: for each of the last attempts of a board one file of
// lines, which package actors writes and reads.
//
// It decides how much of an attempt is kept, when it reaches the disk, and which attempts go. It refuses to be the truth:
// the journal has every transition and each attempt's summary, and never waits for a trail. A trail may therefore miss its
// last second after a power cut, or lines in a flood, but what it has is whole lines in their order. It does not
// interpret a line. DESIGN.md tells why it is made of files.
package trail

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Bounds of what is kept.
const (
	Keep     = 50       // attempts of a board; older files go when a new one begins
	MaxFile  = 64 << 10 // bytes of an attempt
	reserved = 16 << 10 // of those, for lines that must be kept
	maxQueue = 16 << 20 // bytes that wait for the disk; beyond, lines are dropped
)

// Line is one thing to keep.
type Line struct {
	Board   string // id, any characters
	Attempt uint32
	Data    []byte // JSON or other text without line breaks; not to be changed afterwards
	Must    bool   // keep it also where the attempt has filled its share
}

// key names one file.
type key struct {
	board   string
	attempt uint32
}

// queued is what waits to be added to one file.
type queued struct {
	key   key
	lines []Line
	sync  bool
}

// Trails is a folder of trails. Make it with Open; all methods may be called from many goroutines.
type Trails struct {
	dir string
	log *slog.Logger

	flush sync.Mutex // held while files are written, and around the reading of one
	mu    sync.Mutex // of what follows
	queue map[key]*queued
	order []*queued
	bytes int
	lost  uint64
	ended bool

	stop chan struct{} // closed by Close; ends the writer
	done chan struct{} // closed by the writer when it has ended
	kick chan struct{} // room for one: write now
}

const flushEvery = time.Second // at the latest; what a killed process may lose of a running attempt

// Open makes the folder ready and starts the goroutine that writes; Close ends it. nil log: silence.
func Open(dir string, log *slog.Logger) (*Trails, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of attempts %s: %w; give this user write access", dir, err)
	}
	t := &Trails{dir: dir, log: log, queue: make(map[key]*queued),
		stop: make(chan struct{}), done: make(chan struct{}), kick: make(chan struct{}, 1)}
	go t.run()
	return t, nil
}

// Append hands over a line and returns at once.
func (t *Trails) Append(l Line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended || t.bytes+len(l.Data) > maxQueue || bytes.IndexByte(l.Data, '\n') >= 0 {
		t.lost++
		return
	}
	q := t.queued(key{l.Board, l.Attempt})
	q.lines = append(q.lines, l)
	t.bytes += len(l.Data)
}

// End says that an attempt is over: its file is synced with the next write, which follows at once.
func (t *Trails) End(board string, attempt uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	t.queued(key{board, attempt}).sync = true
	select {
	case t.kick <- struct{}{}:
	default: // it is asked to write already
	}
}

// Forget removes all trails of a board that nobody appends to any more.
func (t *Trails) Forget(board string) error {
	if err := os.RemoveAll(t.folder(board)); err != nil {
		return fmt.Errorf("remove the trails of board %s: %w", board, err)
	}
	return nil
}

// Lost counts lines dropped since Open, because the disk was too slow or a line had a break in it.
func (t *Trails) Lost() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lost
}

// queued finds or makes what waits for a file. The caller holds mu.
func (t *Trails) queued(k key) *queued {
	q := t.queue[k]
	if q == nil {
		q = &queued{key: k}
		t.queue[k] = q
		t.order = append(t.order, q)
	}
	return q
}

// run writes until Close.
func (t *Trails) run() {
	defer close(t.done)
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-t.kick:
		case <-t.stop:
			t.report(t.write())
			return
		}
		t.report(t.write())
	}
}

func (t *Trails) report(err error) {
	if err != nil {
		t.log.Error("details of attempts were lost", "folder", t.dir, "error", err)
	}
}

// write empties the queue.
func (t *Trails) write() error {
	t.flush.Lock()
	defer t.flush.Unlock()
	t.mu.Lock()
	order := t.order
	t.queue, t.order, t.bytes = make(map[key]*queued), nil, 0
	t.mu.Unlock()
	var errs []error
	for _, q := range order {
		errs = append(errs, t.add(q))
	}
	return errors.Join(errs...)
}

// Close writes what is queued and ends the writer. Lines that come later are counted as lost.
func (t *Trails) Close() error {
	t.mu.Lock()
	again := t.ended
	t.ended = true
	t.mu.Unlock()
	if !again {
		close(t.stop)
	}
	<-t.done
	return nil
}
