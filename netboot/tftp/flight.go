package tftp

import "time"

// flight is the pure part of a transfer: which blocks are on their way, and what an acknowledgement means. Blocks are
// counted from 1 without rolling over; what is on the wire is the lower 16 bits, so block 65,536 is 0 there. An OACK
// counts as block 0.
type flight struct {
	window int64
	last   int64 // number of the last block; it is shorter than the others
	acked  int64 // all blocks up to here have arrived; -1: the OACK has not
	sent   int64 // highest block sent

	repeated int64 // blocks sent once more, each time counted

	at       time.Time // when this flight began
	again    bool      // something of it was sent again, so that its round trip says nothing
	repaired bool      // an acknowledgement has already had it sent again
	timer    timer
}

// span is a run of blocks to be sent; empty if first > last.
type span struct{ first, last int64 }

func (s span) count() int { return int(s.last - s.first + 1) }

// newFlight begins a transfer. With an OACK that has to be acknowledged first.
func newFlight(t terms, size int64) flight {
	f := flight{window: int64(t.window), last: size/int64(t.block) + 1, timer: newTimer()}
	if t.answer != nil {
		f.acked = -1
	}
	return f
}

// meaning is what an acknowledgement says.
type meaning int

const (
	useless  meaning = iota // old, garbage, or nothing that was sent
	repeated                // of the last block that was acknowledged already, and not in vain
	progress                // new blocks have arrived
	finished                // all have
)

// ack takes the acknowledgement of a block. Blocks that are then to be sent are next's.
//
// An acknowledgement that repeats the one before it says, with a window, that the first block of the flight is missing. It
// is believed once a flight, and not within a round trip of the flight's beginning; with a window of one, never: else a
// packet that the network has doubled would double all that follow (the sorcerer's apprentice).
func (f *flight) ack(wire uint16, now time.Time) meaning {
	step := int64(wire - uint16(f.acked))
	switch {
	case step == 0 && f.window > 1 && !f.repaired && f.timer.mean > 0 && now.Sub(f.at) >= f.timer.mean:
		f.repaired = true
		return repeated
	case step == 0 || step > f.sent-f.acked:
		return useless
	}
	if !f.again && step == f.sent-f.acked {
		f.timer.measured(now.Sub(f.at))
	}
	f.acked += step
	if f.acked == f.last {
		return finished
	}
	return progress
}

// next begins a flight behind what was acknowledged. What of it was sent before is sent again.
func (f *flight) next(now time.Time) span {
	s := span{f.acked + 1, min(f.acked+f.window, f.last)}
	f.again = s.first <= f.sent
	f.repeated += max(0, min(s.last, f.sent)-f.acked)
	f.sent = max(f.sent, s.last)
	f.at, f.repaired = now, false
	return s
}

// repeat sends the flight again. What of it is beyond f.sent is not: the OACK was not acknowledged yet.
func (f *flight) repeat() span {
	f.again = true
	f.repeated += max(0, min(f.acked+f.window, f.sent)-max(f.acked, 0))
	return span{f.acked + 1, min(f.acked+f.window, f.last)}
}
