package wire

import (
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"
)

// queued is how many frames may be under way; those beyond are lost, as in a real switch.
const queued = 4096

// frame is under way until a moment.
type frame struct {
	arrives time.Time
	data    []byte
}

// way leads from one end to another.
type way struct {
	to    *os.File
	queue chan frame
	fault atomic.Pointer[Fault] // nil: none
	bytes atomic.Uint64
}

// send puts a frame on its way. It never waits.
func (w *way) send(data []byte) {
	w.bytes.Add(uint64(len(data)))
	f := Fault{}
	if set := w.fault.Load(); set != nil {
		f = *set
	}
	if f.Cut || f.Loss > 0 && rand.Float64() < f.Loss {
		return
	}
	select {
	case w.queue <- frame{time.Now().Add(f.Delay), data}:
	default:
	}
}

// run delivers, in order, until the queue is closed.
func (w *way) run() {
	for f := range w.queue {
		if wait := time.Until(f.arrives); wait > 0 {
			time.Sleep(wait)
		}
		_, _ = w.to.Write(f.data) // an interface that is down loses it, as it should
	}
}
