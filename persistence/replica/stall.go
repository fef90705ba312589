package replica

import (
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// pending knows since when writes to this server's disk are under way: a disk that is stuck gives no error.
type pending struct {
	mu    sync.Mutex
	next  int
	began map[int]time.Time
}

// write is called before a write to the disk; what it returns, after it.
func (p *pending) write() (done func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.began == nil {
		p.began = make(map[int]time.Time)
	}
	id := p.next
	p.next++
	p.began[id] = time.Now()
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.began, id)
	}
}

// oldest is how long the oldest of them has taken so far; 0: none is under way.
func (p *pending) oldest() (age time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.began {
		age = max(age, time.Since(t))
	}
	return age
}

// timedLog is the log with its writes counted.
type timedLog struct {
	*raft.LogCache
	writes *pending
	stall  func()
}

// StoreLog implements raft.LogStore.
func (l timedLog) StoreLog(e *raft.Log) error { return l.StoreLogs([]*raft.Log{e}) }

// StoreLogs implements raft.LogStore.
func (l timedLog) StoreLogs(all []*raft.Log) error {
	defer l.writes.write()()
	l.stall()
	return l.LogCache.StoreLogs(all)
}

// Stuck is how long the oldest write to this server's disk has been under way; 0 = none is. It never waits. After the
// process was stopped, what was under way counts as long as that: look twice.
func (r *Replica) Stuck() time.Duration { return r.opt.writes.oldest() }

// Abandon has the others go on without this server, whose disk is stuck: a leader's heartbeats go on whatever its disk
// does, so that nobody would take its place, and nothing be stored. The copy is stopped; see Broken.
func (r *Replica) Abandon(cause error) {
	r.mu.RLock()
	r.member.link.mute()
	r.mu.RUnlock()
	r.fail(cause)
}
