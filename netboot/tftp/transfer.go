package tftp

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"time"
)

var (
	errSilent   = errors.New("the client fell silent")
	errStopping = &Error{Code: CodeUndefined, Text: "the server is stopping"}
)

// transfer sends one file to one client.
type transfer struct {
	wire     wire
	conn     *net.UDPConn
	from     *source
	terms    terms
	flight   flight
	silence  time.Duration // how long a client may acknowledge nothing new
	stopped  func() bool
	answered func() // called when the client has acknowledged something

	tries int       // packets sent before anything was acknowledged
	heard time.Time // when something new was acknowledged last
	due   time.Time // when to send again
	armed time.Time // deadline of the socket: not after due
	err   error     // what ended it
}

// run sends the file and gives what ended it; nil: the client has it.
func (t *transfer) run() error {
	now := time.Now()
	t.heard, t.tries = now, 1
	if t.terms.answer != nil {
		t.flight.at = now
		t.wire.packet(t.terms.answer)
		t.wait(now)
	} else if t.send(t.flight.next(now), now) == over {
		return t.err
	}
	for {
		err := t.wire.listen(t.packet)
		switch {
		case err == nil:
			return t.err
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		case t.stopped():
			t.fail(errStopping)
			return t.err
		}
		if t.expired(time.Now()) == over {
			return t.err
		}
	}
}

// packet takes what the client sent.
func (t *transfer) packet(p []byte) verdict {
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
	now := time.Now()
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
		if v := t.send(t.flight.next(now), now); v == over || !whole {
			return v
		}
		return quiet
	case useless:
	}
	return more
}

// send puts blocks on the wire and starts the clock. The last block goes out only if the file is still what it was.
func (t *transfer) send(s span, now time.Time) verdict {
	var err error
	if s.last == t.flight.last {
		err = t.from.unchanged()
	}
	if err == nil {
		err = t.wire.blocks(s)
	}
	if err != nil {
		t.fail(err)
		return over
	}
	t.wait(now)
	return more
}

// fail ends the transfer and tells the client why.
func (t *transfer) fail(err error) {
	t.err = err
	e := &Error{Code: CodeUndefined, Text: "the file cannot be read"}
	_ = errors.As(err, &e) // else: what it says is not for clients
	t.wire.packet(e.packet())
}

// wait makes the socket's deadline no later than the pause demands. It is mostly too early, and then set anew when it
// comes: cheaper than setting it for each block.
func (t *transfer) wait(now time.Time) {
	t.due = now.Add(t.flight.timer.pause)
	if t.armed.IsZero() || t.due.Before(t.armed) {
		t.arm()
	}
}

func (t *transfer) arm() {
	t.armed = t.due
	t.wire.deadline(t.due)
	if t.stopped() { // after the deadline was set: the stop sets it to the past
		t.wire.deadline(time.Unix(1, 0))
	}
}

// expired sends again if the time for that has come, and gives up a client that is gone.
func (t *transfer) expired(now time.Time) verdict {
	if now.Before(t.due) {
		t.arm()
		return more
	}
	if now.Sub(t.heard) >= t.silence || t.tries >= firstTries {
		t.err = errSilent
		return over
	}
	if t.tries > 0 {
		t.tries++
	}
	t.flight.timer.silent()
	t.armed = time.Time{} // has passed
	s := t.flight.repeat()
	if t.flight.acked < 0 {
		t.wire.packet(t.terms.answer)
		t.wait(now)
		return more
	}
	return t.send(s, now)
}

// outcome is how the transfer ended; err as run gives it.
func (t *transfer) outcome(err error) Outcome {
	f := &t.flight
	return Outcome{Sent: min(f.sent*int64(t.terms.block), t.from.file.Size), Repeated: f.repeated, Window: t.terms.window, Err: err}
}
