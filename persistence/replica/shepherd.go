package replica

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

const (
	// wellFor is how long a server must have been well before it gets a vote,
	// and silentFor how long a voter may be silent before another that is
	// well gets its vote.
	wellFor   = 5 * time.Second
	silentFor = 10 * time.Minute
	// behind is how many entries a server that is well may still lack.
	behind     = 1024
	roundEvery = time.Second
)

// pulse is what the leader knows of a server: since when it has answered each
// time (0 = the last time it did not), and when it last did.
type pulse struct{ since, last time.Time }

// shepherd looks after the group while this server leads; stop ends it.
func (r *Replica) shepherd(m *member) {
	pulses := map[raft.ServerID]pulse{}
	tick := time.NewTicker(roundEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-m.quit:
			return
		}
		if m.raft.State() != raft.Leader {
			clear(pulses) // a new leader counts anew
			continue
		}
		r.round(m, pulses)
	}
}

func (r *Replica) round(m *member, pulses map[raft.ServerID]pulse) {
	f := m.raft.GetConfiguration()
	if f.Error() != nil {
		return
	}
	servers := f.Configuration().Servers
	r.introduce(m, servers)
	r.feel(m, servers, pulses)
	if r.room() != nil {
		r.yield(m, servers, pulses)
		return
	}
	promote, demote := plan(servers, raft.ServerID(r.id.Node), pulses, time.Now())
	var err error
	switch {
	case promote != nil:
		err = m.raft.AddVoter(promote.ID, promote.Address, f.Index(), askTime).Error()
		r.opt.Logger.Info("cluster: a server votes from now on", "node", promote.ID, "err", err)
	case demote != nil:
		err = m.raft.DemoteVoter(demote.ID, f.Index(), askTime).Error()
		r.opt.Logger.Warn("cluster: a server was silent for too long and votes no more", "node", demote.ID, "err", err)
	}
}

// introduce makes known where this server is now, and in the log who the
// group began with, so that nobody else passes for one of them.
func (r *Replica) introduce(m *member, servers []raft.Server) {
	for _, s := range servers {
		if string(s.ID) == r.id.Node && string(s.Address) != r.opt.Network.Address {
			if m.raft.AddVoter(s.ID, raft.ServerAddress(r.opt.Network.Address), 0, askTime).Error() != nil {
				return // the next round tries again
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	for _, s := range append(m.first, r.Self()) {
		if r.Write(ctx, enlist{s}) != nil {
			return
		}
	}
	m.known = true
}

// feel asks every server how far it is.
func (r *Replica) feel(m *member, servers []raft.Server, pulses map[raft.ServerID]pulse) {
	ctx, cancel := context.WithTimeout(context.Background(), roundEvery)
	defer cancel()
	mine := m.raft.AppliedIndex()
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, s := range servers {
		if string(s.ID) == r.id.Node {
			continue
		}
		all.Go(func() {
			rep, err := m.link.asker.ask(ctx, string(s.Address), question{Health: true})
			mu.Lock()
			defer mu.Unlock()
			pulses[s.ID] = pulses[s.ID].beat(time.Now(), err == nil, rep.Refused == nil && rep.Applied+behind >= mine)
		})
	}
	all.Wait()
}

// yield hands the lead to a voter whose disk has room: every write of the group goes through the leader, so one that
// refuses them would stop all. Where nobody has room it stays.
func (r *Replica) yield(m *member, servers []raft.Server, pulses map[raft.ServerID]pulse) {
	for _, s := range servers {
		if s.Suffrage == raft.Voter && !pulses[s.ID].since.IsZero() {
			err := m.raft.LeadershipTransferToServer(s.ID, s.Address).Error()
			r.opt.Logger.Warn("cluster: the disk is full, another server leads the log", "node", s.ID, "err", err)
			return
		}
	}
}

// beat notes whether a server answered, and whether it was far enough.
func (p pulse) beat(now time.Time, answered, whole bool) pulse {
	if answered || p.last.IsZero() {
		p.last = now // silence is counted from the first question on
	}
	switch {
	case !answered || !whole:
		p.since = time.Time{}
	case p.since.IsZero():
		p.since = now
	}
	return p
}

// plan says who should get a vote, or else whose should be taken: one at a
// time. A vote is given only if as many as are missing can be: an even number
// of voters stands no more deaths than one less, and dies of more.
func plan(servers []raft.Server, self raft.ServerID, pulses map[raft.ServerID]pulse, now time.Time) (promote, demote *raft.Server) {
	var well, silent []*raft.Server
	voters := 0
	for i, s := range servers {
		p := pulses[s.ID]
		if s.Suffrage == raft.Voter {
			voters++
			if s.ID != self && !p.last.IsZero() && now.Sub(p.last) >= silentFor {
				silent = append(silent, &servers[i])
			}
		} else if !p.since.IsZero() && now.Sub(p.since) >= wellFor {
			well = append(well, &servers[i])
		}
	}
	missing := Voters(len(servers)) - voters
	switch {
	case missing > 0 && len(well) >= missing:
		return well[0], nil
	case missing <= 0 && len(silent) > 0 && len(well) > 0:
		return nil, silent[0]
	}
	return nil, nil
}
