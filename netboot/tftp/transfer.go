package tftp

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"
)

var (
	errSilent   = errors.New("the client fell silent")
	errStopping = &Error{Code: CodeUndefined, Text: "the server is stopping"}
)

// verdict is what a transfer makes of what has happened.
type verdict int

const (
	more  verdict = iota // there may be other packets
	quiet                // nothing else of use can have come already
	slow                 // prepare is to be called, and prepared, before anything else
	over                 // the transfer has ended
)

// transfer sends one file to one client. It waits for nothing: whoever runs it calls begin, then packet for what comes, and
// expired when due is past.
type transfer struct {
	wire     wire
	peer     netip.AddrPort
	from     *source
	terms    terms
	flight   flight
	silence  time.Duration // how long a client may acknowledge nothing new
	answered func()        // called when the client has acknowledged something

	tries  int       // packets sent before anything was acknowledged
	heard  time.Time // when something new was acknowledged last; zero: it has not begun
	due    time.Time // when to send again
	wanted span      // what prepare is for
	near   int64     // up to this block the file is in memory
	err    error     // what ended it; nil: the client has the file
}

// begin sends the first packet.
func (t *transfer) begin(now time.Time) verdict {
	t.heard, t.tries = now, 1
	if t.terms.answer == nil {
		return t.send(t.flight.next(now), now)
	}
	t.flight.at = now
	t.wire.packet(t.terms.answer)
	t.due = now.Add(t.flight.timer.pause)
	return more
}

// packet takes what the client sent.
func (t *transfer) packet(p []byte, now time.Time) verdict {
	if len(p) < headerSize {
		return more
	}
	switch binary.BigEndian.Uint16(p) {
	case opError:
		t.err = clientError(p)
		return over
	case opAck:
	default:
		return more
	}
	switch t.flight.ack(binary.BigEndian.Uint16(p[2:]), now) {
	case finished:
		return over
	case repeated:
		return t.send(t.flight.repeat(), now)
	case progress:
		if t.tries > 0 {
			t.answered()
		}
		t.heard, t.tries = now, 0
		whole := t.flight.acked == t.flight.sent
		if v := t.send(t.flight.next(now), now); v != more || !whole {
			return v
		}
		return quiet
	case useless:
	}
	return more
}

// send puts blocks on the wire, unless the disk may have to be waited for.
func (t *transfer) send(s span, now time.Time) verdict {
	t.wanted = s
	if s.last > t.near {
		t.near = t.from.near(s)
	}
	if s.last > t.near || s.last == t.flight.last {
		return slow
	}
	return t.prepared(nil, now)
}

// prepare does what may take long before the wanted blocks can be sent. The last block is for a file that is still what it
// was. The time that a disk takes is no silence of the client, nor a part of the way to it.
func (t *transfer) prepare() error {
	began := time.Now()
	defer func() {
		took := time.Since(began)
		t.heard, t.flight.at = t.heard.Add(took), t.flight.at.Add(took)
	}()
	if err := t.from.load(t.wanted); err != nil || t.wanted.last < t.flight.last {
		return err
	}
	return t.from.unchanged()
}

// prepared puts the wanted blocks on the wire and starts the clock; err is what prepare gave.
func (t *transfer) prepared(err error, now time.Time) verdict {
	if err == nil {
		err = t.wire.blocks(t.wanted)
	}
	if err != nil {
		return t.fail(err)
	}
	t.due = now.Add(t.flight.timer.pause)
	return more
}

// fail ends the transfer and tells the client why.
func (t *transfer) fail(err error) verdict {
	t.err = err
	e := &Error{Code: CodeUndefined, Text: "the file cannot be read"}
	_ = errors.As(err, &e) // else: what it says is not for clients
	t.wire.packet(e.packet())
	return over
}

// expired sends again if the time for that has come, and gives up a client that is gone.
func (t *transfer) expired(now time.Time) verdict {
	switch {
	case now.Before(t.due):
		return more
	case now.Sub(t.heard) >= t.silence || t.tries >= firstTries:
		t.err = errSilent
		return over
	}
	if t.tries > 0 {
		t.tries++
	}
	t.flight.timer.silent()
	s := t.flight.repeat()
	if t.flight.acked < 0 {
		t.wire.packet(t.terms.answer)
		t.due = now.Add(t.flight.timer.pause)
		return more
	}
	return t.send(s, now)
}

// outcome is how the transfer ended; err is why it did not begin, or what ended it.
func (t *transfer) outcome(err error) Outcome {
	if t.heard.IsZero() {
		return Outcome{Err: err}
	}
	f := &t.flight
	return Outcome{Sent: min(f.sent*int64(t.terms.block), t.from.file.Size), Repeated: f.repeated, Window: t.terms.window, Err: err}
}
