package member

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"mozpool/cluster"
	"mozpool/cluster/gossip"
	"mozpool/persistence"
	"mozpool/persistence/lease"
)

const (
	// docUnfit is, by server, why it is of no use: a text a rack, or one for everything.
	docUnfit   = "cluster-unfit"
	everything = "*"
	// stuckAfter is for how long a write to the journal's disk may be under way. Nothing that works takes as long, and a
	// board waits longer for its next holder.
	stuckAfter = 10 * time.Second
	sayTime    = 3 * time.Second // for storing what changed
)

// keepFit looks each second whether this server is of use for its racks, and stores what changed: the others are
// preferred then, and racks go to them.
func (m *Member) keepFit(ctx context.Context) {
	holdOff := m.cfg.HoldOff
	if holdOff == 0 {
		holdOff = time.Minute
	}
	f := cluster.NewFitness(holdOff)
	tick := time.NewTicker(cluster.LookEvery)
	defer tick.Stop()
	for {
		unfit := f.Look(lease.Boottime(), m.wrong())
		if unfit[everything] != "" && m.journal.Leads() && m.othersGoOn() {
			m.journal.Abandon(errors.New(unfit[everything]))
			return
		}
		m.sayUnfit(ctx, unfit)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// wrong is what is in the way of serving racks now.
func (m *Member) wrong() map[string]string {
	wrong := make(map[string]string)
	if age := m.journal.Stuck(); age > stuckAfter {
		wrong[everything] = "the journal's disk is stuck"
	}
	for rack, servers := range m.cfg.Racks {
		if len(servers) < 2 || m.cfg.Trouble == nil {
			continue // nobody else could take it
		}
		if why := m.cfg.Trouble(rack); why != "" {
			wrong[rack] = why
		}
	}
	return wrong
}

// othersGoOn tells whether those that gossip hears are enough to go on without this server.
func (m *Member) othersGoOn() bool {
	voters, there := 0, 0
	for _, s := range m.journal.Servers() {
		if s.Suffrage == raft.Voter {
			voters++
			if string(s.ID) != m.cfg.Server && m.heard(string(s.ID)) {
				there++
			}
		}
	}
	return there > voters/2
}

// heard tells whether gossip hears a server.
func (m *Member) heard(server string) bool {
	return m.gossip != nil && slices.ContainsFunc(m.gossip.Members(), func(o gossip.Member) bool { return o.Node == server })
}

// sayUnfit stores why this server is of no use, if that changed. What was stored counts here at once: a copy whose disk
// is stuck hears nothing of it.
func (m *Member) sayUnfit(ctx context.Context, unfit map[string]string) {
	before := m.unfitHere.Load()
	if before != nil && maps.Equal(*before, unfit) || before == nil && len(unfit) == 0 && len(m.unfit()[m.cfg.Server]) == 0 {
		return
	}
	data, err := json.Marshal(unfit)
	if err == nil {
		saying, cancel := context.WithTimeout(ctx, sayTime)
		defer cancel()
		err = m.journal.PutDoc(saying, persistence.Doc{Kind: docUnfit, Name: m.cfg.Server, Data: data})
	}
	if err != nil {
		m.log.Debug("cluster: what is in the way of serving racks is not stored yet", "racks", unfit, "error", err)
		return
	}
	m.unfitHere.Store(&unfit)
	m.log.Warn("cluster: racks for which this server is of no use changed", "racks", unfit)
}

// unfit is, by server and rack, why servers are of no use.
func (m *Member) unfit() map[string]map[string]string {
	all := make(map[string]map[string]string)
	docs, err := m.journal.ListDocs(context.Background(), docUnfit, "")
	if err != nil {
		return all // as in allOrders
	}
	for _, d := range docs {
		var racks map[string]string
		if json.Unmarshal(d.Data, &racks) == nil {
			all[d.Name] = racks
		}
	}
	return all
}

// fit tells whether a server is of use for a rack.
func (m *Member) fit(rack, server string) bool {
	var racks map[string]string
	if here := m.unfitHere.Load(); server == m.cfg.Server && here != nil {
		racks = *here
	} else if m.journal != nil {
		racks = m.unfit()[server]
	}
	return racks[rack] == "" && racks[everything] == ""
}

// unfitLast puts those last that are of no use for a rack: they may have it if nobody else lives.
func unfitLast(rack string, servers []string, unfit map[string]map[string]string) []string {
	is := func(server string) int {
		if unfit[server][rack] == "" && unfit[server][everything] == "" {
			return 0
		}
		return 1
	}
	return slices.SortedStableFunc(slices.Values(servers), func(a, b string) int { return is(a) - is(b) })
}

// troubles are sentences about what a server is of no use for.
func troubles(racks map[string]string) (all []string) {
	for _, rack := range slices.Sorted(maps.Keys(racks)) {
		if rack == everything {
			all = append(all, racks[rack])
		} else {
			all = append(all, fmt.Sprintf("rack %s: %s", rack, racks[rack]))
		}
	}
	return all
}
