package lease

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"mozpool/persistence"
)

// model is a cluster in virtual time: one log that only the leader of the
// moment adds to, and servers that carry it out late, whose clocks run at
// different speeds, that are frozen, killed and cut off.
type model struct {
	t       *testing.T
	seed    uint64
	dice    *rand.Rand
	now     time.Duration
	log     []logged
	truth   memory
	servers []*server
	leader  int
	mail    []letter
	held    map[string]time.Duration // "rack server" → when it last held
	takes   int                      // grants to another server
}

type logged struct {
	op     persistence.Op
	answer error
}

// letter is an op on its way to the leader's log.
type letter struct {
	at   time.Duration
	from int
	op   persistence.Op
	term int // leader that must still lead; -1 = any
}

type server struct {
	name       string
	rate       float64
	offset     time.Duration
	book       *Book
	watch      *Watch
	copy       memory
	applied    int
	frozen     time.Duration // until then
	cut        time.Duration
	dead       time.Duration
	nextRenew  time.Duration
	wasLeader  bool
	lag        int // carries out an entry each lag steps, about
	needsStart bool
}

const modelStep = 50 * time.Millisecond

func (s *server) clock(now time.Duration) time.Duration {
	return s.offset + time.Duration(float64(now)*s.rate)
}

func newModel(t *testing.T, seed uint64) *model {
	m := &model{t: t, seed: seed, dice: rand.New(rand.NewPCG(seed, 1)), truth: memory{}, held: map[string]time.Duration{}}
	for i := range 3 {
		m.servers = append(m.servers, &server{name: fmt.Sprint("s", i), rate: 0.98 + 0.02*float64(i),
			offset: time.Duration(m.dice.IntN(1000)) * time.Second, watch: NewWatch(), copy: memory{}, lag: 1, needsStart: true})
	}
	return m
}

func (m *model) runs(s *server) bool { return m.now >= s.frozen && m.now >= s.dead }

// step lets 50 ms pass.
func (m *model) step() {
	m.now += modelStep
	m.storm()
	m.deliver()
	for i, s := range m.servers {
		if !m.runs(s) {
			continue
		}
		m.carryOut(s)
		m.renew(i, s)
		if i == m.leader {
			m.lead(i, s)
		}
		s.wasLeader = i == m.leader
	}
	m.check()
}

// storm breaks something now and then.
func (m *model) storm() {
	if m.dice.IntN(60) != 0 {
		return
	}
	s := m.servers[m.dice.IntN(len(m.servers))]
	end := m.now + time.Duration(m.dice.IntN(9000))*time.Millisecond
	switch m.dice.IntN(5) {
	case 0:
		s.frozen = end
	case 1:
		s.cut = end
	case 2:
		s.dead, s.needsStart = end, true
	case 3:
		s.lag = 1 + m.dice.IntN(20)
	case 4:
		m.leader = m.dice.IntN(len(m.servers))
	}
}

func (m *model) send(from int, op persistence.Op, term int) {
	delay := time.Duration(m.dice.IntN(400)) * time.Millisecond
	if m.dice.IntN(10) == 0 {
		delay = time.Duration(m.dice.IntN(8000)) * time.Millisecond
	}
	m.mail = append(m.mail, letter{m.now + delay, from, op, term})
}

// deliver puts into the log what reaches a leader that can commit.
func (m *model) deliver() {
	var rest []letter
	leader := m.servers[m.leader]
	open := m.runs(leader) && m.now >= leader.cut
	for _, l := range m.mail {
		switch {
		case l.at > m.now:
			rest = append(rest, l)
		case open && m.now >= m.servers[l.from].cut && (l.term < 0 || l.term == m.leader):
			m.log = append(m.log, logged{l.op, l.op.Apply(m.truth)})
		}
	}
	m.mail = rest
}

func (m *model) carryOut(s *server) {
	for s.applied < len(m.log) && m.now >= s.cut && m.dice.IntN(s.lag) == 0 {
		entry := m.log[s.applied]
		_ = entry.op.Apply(s.copy)
		s.applied++
		s.watch.Observe(entry.op, entry.answer, s.clock(m.now))
		if s.book != nil {
			s.book.Observe(entry.op, entry.answer)
		}
	}
}

// renew begins a session once this server's copy is whole, and renews it.
func (m *model) renew(i int, s *server) {
	if s.needsStart {
		if s.book = nil; s.applied < len(m.log) {
			return
		}
		s.book, s.watch, s.needsStart = NewBook(s.name, mustRead(s.copy).Sessions[s.name]), NewWatch(), false
	}
	if m.now >= s.nextRenew {
		s.nextRenew = m.now + Every
		m.send(i, s.book.Renewal(s.clock(m.now)), -1)
	}
}

func mustRead(tx memory) State {
	s, err := Read(tx)
	if err != nil {
		panic(err)
	}
	return s
}

func (m *model) lead(i int, s *server) {
	now := s.clock(m.now)
	if s.wasLeader && now-s.watch.looked < 200*time.Millisecond {
		return
	}
	state := mustRead(s.copy)
	if !s.wasLeader {
		s.watch.Won(state, now)
	}
	for _, g := range s.watch.Grants(state, map[string][]string{"r1": {"s0", "s1", "s2"}}, now) {
		if before := state.Leases["r1"].Server; before != "" && before != g.Server {
			m.takes++
		}
		m.send(i, g, i)
	}
	if l := state.Leases["r1"]; m.dice.IntN(50) == 0 && s.book != nil && l.Server == s.name {
		if r, ok := s.book.Release("r1", ""); ok {
			delete(m.held, s.name) // it drained its effects before
			m.send(i, r, -1)
		}
	}
}

// check: who holds now may act for W, so nobody else may have held less than
// W ago. A server that does not run asks nothing.
func (m *model) check() {
	for _, s := range m.servers {
		if !m.runs(s) || s.book == nil {
			continue
		}
		if _, _, ok := s.book.Held("r1", s.clock(m.now)); !ok {
			continue
		}
		for other, at := range m.held {
			if other != s.name && m.now-at < W {
				m.t.Fatalf("seed %d, at %s: %s holds the rack, %s held it %s ago and may still act", m.seed, m.now, s.name, other, m.now-at)
			}
		}
		m.held[s.name] = m.now
	}
}

func TestTwoHoldersNeverOverlap(t *testing.T) {
	t.Parallel()
	held, takes := 0, 0
	for seed := range uint64(300) {
		m := newModel(t, seed)
		for range int(2 * time.Minute / modelStep) {
			m.step()
		}
		held += len(m.held)
		takes += m.takes
	}
	if held == 0 || takes == 0 {
		t.Errorf("the storms moved nothing: %d holders, %d takes", held, takes)
	}
}
