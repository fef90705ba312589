package actors

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mozpool/actors/board"
)

// Metrics are what boards and relay boards go through. nil: nothing is counted.
type Metrics struct {
	transitions  *prometheus.CounterVec
	attempts     *prometheus.CounterVec
	cycles       *prometheus.HistogramVec
	stageSeconds *prometheus.HistogramVec
	relaySeconds *prometheus.HistogramVec
	cardBytes    *prometheus.CounterVec
}

// noBlame is the label of an attempt that did not fail.
const noBlame = "none"

// NewMetrics makes the metrics of a fleet and registers them. What is read off the boards themselves has a collector,
// see Fleet.Collector.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		transitions: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mozpool_actors_transitions_total",
			Help: "Entries into a state."}, []string{"rack", "state"}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mozpool_actors_attempts_total",
			Help: "Attempts that ended, by the rest that they ended in and, of failed ones, the part that is blamed."}, []string{"rack", "state", "blame"}),
		cycles: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "mozpool_actors_attempt_boots",
			Help: "Power cycles that an attempt took.", Buckets: []float64{0, 1, 2, 3, 4, 6, 8, 12, 16}}, []string{"rack"}),
		stageSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "mozpool_actors_stage_seconds",
			Help: "How long boards stayed in a working state or waited.", Buckets: prometheus.ExponentialBuckets(0.5, 2, 13)}, []string{"rack", "state"}),
		relaySeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "mozpool_actors_relay_seconds",
			Help:    "Exchanges with relay boards, read-back included, and connections that brought none; result is ok or failed.",
			Buckets: prometheus.ExponentialBuckets(0.005, 3, 9)}, []string{"rack", "result"}),
	}
	m.cardBytes = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mozpool_actors_card_bytes_total",
		Help: "Bytes of images by what became of them: written to a card, or kept since the card had them already."}, []string{"rack", "result"})
	r.MustRegister(m.transitions, m.attempts, m.cycles, m.stageSeconds, m.relaySeconds, m.cardBytes)
	return m
}

// begin has what a rack counts begin at 0: a counter that is first seen at 1 has not risen yet, and most failures of a
// rack are the first of their kind.
func (m *Metrics) begin(rack string) {
	if m == nil {
		return
	}
	for _, s := range board.States() {
		m.transitions.WithLabelValues(rack, string(s))
		switch {
		case s.Failed():
			for _, p := range board.Parts() {
				m.attempts.WithLabelValues(rack, string(s), string(p))
			}
		case s.Rest():
			m.attempts.WithLabelValues(rack, string(s), noBlame)
		default:
			m.stageSeconds.WithLabelValues(rack, string(s))
		}
	}
	m.cycles.WithLabelValues(rack)
	for _, result := range []string{"ok", "failed"} {
		m.relaySeconds.WithLabelValues(rack, result)
	}
	for _, result := range []string{"written", "kept"} {
		m.cardBytes.WithLabelValues(rack, result)
	}
}

// moved counts a transition that is durable.
func (m *Metrics) moved(rack string, from *board.Board, r *board.Result, now time.Time) {
	if m == nil {
		return
	}
	m.transitions.WithLabelValues(rack, string(r.Board.State)).Inc()
	if !from.State.Rest() {
		m.stageSeconds.WithLabelValues(rack, string(from.State)).Observe(max(now.Sub(time.UnixMilli(from.Since)), 0).Seconds())
	}
	if !r.Ended {
		return
	}
	blame := noBlame
	if r.Board.State.Failed() && r.Board.Blame != nil {
		blame = string(r.Board.Blame.Part)
	}
	m.attempts.WithLabelValues(rack, string(r.Board.State), blame).Inc()
	m.cycles.WithLabelValues(rack).Observe(float64(r.Board.Cycles))
}

// wrote counts what was written to a card, and what had not to be.
func (m *Metrics) wrote(rack string, w cardWrite) {
	if m == nil {
		return
	}
	m.cardBytes.WithLabelValues(rack, "written").Add(float64(w.Bytes - w.Skipped))
	m.cardBytes.WithLabelValues(rack, "kept").Add(float64(w.Skipped))
}

// exchanged times what was asked of a relay board.
func (m *Metrics) exchanged(rack string, took time.Duration, err error) {
	if m == nil {
		return
	}
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.relaySeconds.WithLabelValues(rack, result).Observe(took.Seconds())
}

// gauges are read off the published boards at each scrape, so they cannot drift from what the API shows.
type gauges struct {
	f           *Fleet
	boards      *prometheus.Desc
	limit       *prometheus.Desc
	held        *prometheus.Desc
	queued      *prometheus.Desc
	relays      *prometheus.Desc
	relayQueue  *prometheus.Desc
	unreachable *prometheus.Desc
	mailbox     *prometheus.Desc
}

// Collector shows boards by rack and state, the racks' power budgets and the relay boards.
func (f *Fleet) Collector() prometheus.Collector {
	rack := []string{"rack"}
	desc := func(name, help string, labels []string) *prometheus.Desc {
		return prometheus.NewDesc("mozpool_actors_"+name, help, labels, nil)
	}
	return &gauges{f: f,
		boards:      desc("boards_current", "Boards by state; every state of a rack that has boards is there, with 0.", []string{"rack", "state"}),
		limit:       desc("power_places_limit", "Boards that may be between power-on and live environment at once.", rack),
		held:        desc("power_places_held", "Boards that are between power-on and live environment.", rack),
		queued:      desc("power_places_queued", "Boards that wait for the power budget.", rack),
		relays:      desc("relay_boards_current", "Relay boards that boards hang on.", rack),
		relayQueue:  desc("relay_queue_current", "Things to do that wait for relay boards.", rack),
		unreachable: desc("relay_unreachable_current", "Relay boards that gave no sign of life when last asked.", rack),
		mailbox:     desc("mailbox_age_seconds", "Age of the oldest message that an actor of a board or relay board has not handled; the worst of the rack.", rack),
	}
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.boards, g.limit, g.held, g.queued, g.relays, g.relayQueue, g.unreachable, g.mailbox} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, v int, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	for rack, states := range g.count() {
		for _, s := range board.States() {
			send(g.boards, states[s], rack, string(s))
		}
	}
	for rack, p := range g.f.budgets() {
		limit, held, queued := p.load()
		send(g.limit, limit, rack)
		send(g.held, held, rack)
		send(g.queued, queued, rack)
	}
	ages := g.ages()
	for rack, r := range g.relayLoad() {
		ages[rack] = max(ages[rack], r.age)
		send(g.relays, r.boards, rack)
		send(g.relayQueue, r.queue, rack)
		send(g.unreachable, r.unreachable, rack)
	}
	for rack, age := range ages {
		ch <- prometheus.MustNewConstMetric(g.mailbox, prometheus.GaugeValue, age.Seconds(), rack)
	}
}

// ages are those of the oldest messages for boards, by rack.
func (g *gauges) ages() map[string]time.Duration {
	worst := make(map[string]time.Duration)
	for _, c := range g.f.roster.maps.Load().sorted {
		rack := c.view.Load().Spec.Rack
		worst[rack] = max(worst[rack], c.box.age())
	}
	return worst
}

func (g *gauges) count() map[string]map[board.State]int {
	racks := make(map[string]map[board.State]int)
	for _, v := range g.f.Views() {
		if racks[v.Spec.Rack] == nil {
			racks[v.Spec.Rack] = make(map[board.State]int)
		}
		racks[v.Spec.Rack][v.Board.State]++
	}
	return racks
}

type relayLoad struct {
	boards, queue, unreachable int
	age                        time.Duration // of the oldest message
}

func (g *gauges) relayLoad() map[string]relayLoad {
	racks := make(map[string]relayLoad)
	for _, r := range g.f.Relays() {
		l := racks[r.Rack]
		l.boards++
		l.queue += r.Queue
		l.age = max(l.age, r.age)
		if r.State == RelayUnreachable {
			l.unreachable++
		}
		racks[r.Rack] = l
	}
	return racks
}

// budgets are the power budgets by rack.
func (f *Fleet) budgets() map[string]*places {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make(map[string]*places, len(f.racks))
	for name, r := range f.racks {
		all[name] = r.places
	}
	return all
}
