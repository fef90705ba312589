package cluster

import (
	"maps"
	"time"
)

const (
	// sureAfter is how many looks in a row must find the same trouble: a cable that was touched, or a process that was
	// stopped in the middle of a write, is none.
	sureAfter = 3
	// LookEvery is how often Fitness is to be asked.
	LookEvery = time.Second
)

// Fitness decides for which racks a server that lives is of no use, from what it sees each second. Not for several
// goroutines.
type Fitness struct {
	holdOff time.Duration
	looks   map[string]int           // by rack: bad looks in a row
	well    map[string]time.Duration // by unfit rack: since when nothing is wrong
	unfit   map[string]string        // by rack: why
}

// NewFitness finds a server fit for everything. One that was unfit for a rack is fit again once nothing was wrong for
// holdOff, so that a rack does not follow a cable that comes and goes.
func NewFitness(holdOff time.Duration) *Fitness {
	return &Fitness{holdOff, map[string]int{}, map[string]time.Duration{}, map[string]string{}}
}

// Look takes what is wrong now, by rack, and answers the racks for which the server is of no use, each with the reason.
func (f *Fitness) Look(now time.Duration, wrong map[string]string) (unfit map[string]string) {
	for rack := range f.looks {
		if wrong[rack] == "" {
			delete(f.looks, rack)
		}
	}
	for rack, why := range wrong {
		delete(f.well, rack)
		if f.looks[rack]++; f.looks[rack] >= sureAfter {
			f.unfit[rack] = why
		}
	}
	for rack := range f.unfit {
		if wrong[rack] != "" {
			continue
		}
		if since, known := f.well[rack]; !known {
			f.well[rack] = now
		} else if now-since >= f.holdOff {
			delete(f.unfit, rack)
			delete(f.well, rack)
		}
	}
	return maps.Clone(f.unfit)
}
