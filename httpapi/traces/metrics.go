package traces

import "github.com/prometheus/client_golang/prometheus"

// dropped says why an attempt, or an event that may have ended one, was not sent.
type dropped string

const (
	dropUnseen  dropped = "unseen"  // events that were gone before they were read
	dropFull    dropped = "full"    // no room in the queue
	dropNothing dropped = "nothing" // its details are not kept
	dropRefused dropped = "refused" // the collector did not take it
)

// counts are what became of attempts.
type counts struct {
	sent prometheus.Counter
	lost *prometheus.CounterVec
}

// newCounts makes the counters, and registers them with r unless that is nil.
func newCounts(r prometheus.Registerer) counts {
	c := counts{
		sent: prometheus.NewCounter(prometheus.CounterOpts{Name: "mozpool_traces_sent_total",
			Help: "Attempts that the collector of traces took."}),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mozpool_traces_dropped_total",
			Help: "Attempts that were not sent, by reason: full (the queue), refused (by the collector, or it was too slow), nothing (no details kept), unseen (events gone before they were read)."},
			[]string{"reason"}),
	}
	for _, why := range []dropped{dropUnseen, dropFull, dropNothing, dropRefused} {
		c.lost.WithLabelValues(string(why)) // a loss is seen from 0 on
	}
	if r != nil {
		r.MustRegister(c.sent, c.lost)
	}
	return c
}

func (c counts) drop(why dropped, n uint64) {
	if n > 0 {
		c.lost.WithLabelValues(string(why)).Add(float64(n))
	}
}
