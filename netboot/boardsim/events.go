package boardsim

import (
	"sync"
	"time"
)

// What says what a board did.
type What string

// What boards do, in the order of a good day.
const (
	PoweredOn   What = "powered_on"
	PoweredOff  What = "powered_off"
	Asked       What = "asked"        // the loader asked for its entry
	FellThrough What = "fell_through" // the loader boots the card
	KernelRead  What = "kernel_read"
	LiveUp      What = "live_up"
	Downloading What = "downloading"
	Compared    What = "compared" // the card has Done of Total bytes already
	Writing     What = "writing"  // the write gate opened
	Written     What = "written"  // read back well
	Rebooting   What = "rebooting"
	CutInWrite  What = "cut_in_write" // the power went, or the board reset, between gate and acknowledged rebooting
	BootOver    What = "boot_over"    // the server said 410
	GaveUp      What = "gave_up"      // nobody answered for half an hour: reboots to the card
	ImageUp     What = "image_up"     // what is on the card runs
	NoImage     What = "no_image"     // nothing on the card runs
	Dead        What = "dead"         // the loader is overwritten
	Maintaining What = "maintenance"
	Testing     What = "self_test"
	Fault       What = "fault" // a simulated failure; Text names it
)

// Event is one thing that a board really did, by its own record.
type Event struct {
	Board string
	At    time.Time
	What  What
	Text  string
	Done  int64 // bytes written, for Writing
	Total int64
}

// record counts what a board did.
type record struct {
	mu     sync.Mutex
	counts map[What]int
	last   Event
}

func (b *Board) event(what What, text string) { b.tell(Event{What: what, Text: text}) }

func (b *Board) tell(e Event) {
	e.Board, e.At = b.cfg.Name, time.Now()
	b.record.mu.Lock()
	b.record.counts[e.What]++
	b.record.last = e
	b.record.mu.Unlock()
	b.cfg.Logger.Debug("board", "board", e.Board, "what", string(e.What), "text", e.Text)
	b.cfg.OnEvent(e)
}

// Count is how often the board did something since it was made.
func (b *Board) Count(what What) int {
	b.record.mu.Lock()
	defer b.record.mu.Unlock()
	return b.record.counts[what]
}

// Last is the last thing that the board did.
func (b *Board) Last() Event {
	b.record.mu.Lock()
	defer b.record.mu.Unlock()
	return b.record.last
}
