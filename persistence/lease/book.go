package lease

import (
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"mozpool/persistence"
)

// Book tells one process which racks it holds, and until when. It learns from
// its own server's copy of the log, in the log's order: a renewal counts once
// it was carried out there, so every grant to another that came before it is
// known by then. Held may be called from anywhere and never waits.
type Book struct {
	self Session
	page atomic.Pointer[page]

	mu   sync.Mutex
	sent map[uint64]time.Duration // renewals under way: number → moment sent
	left map[string]uint64        // racks let go of: the epoch that they had
}

// page is what readers see; it is replaced, never changed.
type page struct {
	epochs map[string]uint64 // racks granted to this process
	until  time.Duration     // of CLOCK_BOOTTIME
}

// NewBook begins the session of a process whose server's last one, as stored,
// was before (zero = none).
func NewBook(server string, before Session) *Book {
	b := &Book{self: Session{server, before.Incarnation + 1, 0}, sent: map[uint64]time.Duration{}, left: map[string]uint64{}}
	b.page.Store(&page{})
	return b
}

// Held answers the epoch under which this process holds a rack and the
// CLOCK_BOOTTIME until which it does; ok = it does at now. Ask immediately
// before each act: what was true a moment ago is no permission.
func (b *Book) Held(rack string, now time.Duration) (epoch uint64, until time.Duration, ok bool) {
	p := b.page.Load()
	epoch, granted := p.epochs[rack]
	return epoch, p.until, granted && now < p.until
}

// Begun says whether a renewal of this process was carried out in this server's
// copy of the log, which then has all that was decided before it began.
func (b *Book) Begun() bool { return b.page.Load().until > 0 }

// Racks are those granted to this process, with their epochs; whether the
// session still lives is Held's to say. The map must not be changed.
func (b *Book) Racks() map[string]uint64 { return b.page.Load().epochs }

// Renewal makes the next renewal, to be sent at once: its moment is now, of
// CLOCK_BOOTTIME, taken before anything is done with it.
func (b *Book) Renewal(now time.Duration) Renew {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.self.Number++
	b.sent[b.self.Number] = now
	return Renew{b.self}
}

// Release makes the letting go of a rack; ok = this process had it. From now
// on it has it no more, whatever becomes of the message: the next holder may
// be at work before this one hears of it. Send it until it is answered.
func (b *Book) Release(rack, to string) (r Release, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	epoch, ok := b.page.Load().epochs[rack]
	b.left[rack] = max(b.left[rack], epoch)
	b.granted(rack, false, 0)
	return Release{Rack: rack, Server: b.self.Server, Incarnation: b.self.Incarnation, Epoch: epoch, To: to}, ok
}

// Observe learns from an op that this server's copy carried out, and from what
// it answered. It is called in the order of the log.
func (b *Book) Observe(op persistence.Op, answer error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch op := op.(type) {
	case Renew:
		b.renewed(op, answer)
	case Grant:
		if answer == nil {
			b.granted(op.Rack, op.Server == b.self.Server && op.Incarnation == b.self.Incarnation, op.Epoch)
		}
	}
}

// renewed counts from the moment sent, never from the answer's.
func (b *Book) renewed(r Renew, answer error) {
	sent, mine := b.sent[r.Number]
	if r.Server != b.self.Server || r.Incarnation != b.self.Incarnation || !mine {
		if r.Server == b.self.Server && r.Incarnation > b.self.Incarnation && answer == nil {
			b.page.Store(&page{}) // another process goes on in this one's place
		}
		return
	}
	for number := range b.sent {
		if number <= r.Number {
			delete(b.sent, number)
		}
	}
	if answer == nil {
		old := b.page.Load()
		b.page.Store(&page{old.epochs, max(old.until, sent+L-W)})
	}
}

func (b *Book) granted(rack string, mine bool, epoch uint64) {
	old := b.page.Load()
	mine = mine && epoch > b.left[rack]
	if _, had := old.epochs[rack]; !had && !mine {
		return
	}
	epochs := map[string]uint64{}
	maps.Copy(epochs, old.epochs)
	delete(epochs, rack)
	if mine {
		epochs[rack] = epoch
	}
	b.page.Store(&page{epochs, old.until})
}

// Reload learns everything anew, after a snapshot was put in place of the
// copy: the grants in it were not observed one by one, and the renewals
// neither, so no renewal under way counts.
func (b *Book) Reload(s State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	epochs := map[string]uint64{}
	for rack, l := range s.Leases {
		if l.Server == b.self.Server && l.Incarnation == b.self.Incarnation && !l.Released && l.Epoch > b.left[rack] {
			epochs[rack] = l.Epoch
		}
	}
	b.page.Store(&page{epochs, b.page.Load().until})
}

// Over reports whether an answer to a renewal says that another process goes
// on in this one's place: this one must stop.
func Over(answer error) bool { return errors.Is(answer, persistence.ErrFenced) }
