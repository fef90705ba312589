package member

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"mozpool/persistence"
	"mozpool/persistence/lease"
)

// The kinds of documents by which servers tell each other what their configurations say.
const (
	docRack  = "cluster-rack"  // by rack: its servers, the preferred first
	docDrain = "cluster-drain" // by server: it is to hold no rack
	docDuty  = "cluster-duty"  // by server: what it is able to do for the cluster
)

// IsDoc says that documents of a kind are about the cluster's servers, not about boards.
func IsDoc(kind string) bool {
	return slices.Contains([]string{docRack, docDrain, docDuty, docUnfit}, kind)
}

// order is what is stored of a rack.
type order struct {
	Servers []string `json:"servers"`
	By      string   `json:"by"` // whose configuration says so
}

// announceRacks stores which servers may serve the racks that are configured here: whoever leads grants by that, also
// racks that it does not serve itself.
func (m *Member) announceRacks(ctx context.Context) {
	for rack, servers := range m.cfg.Racks {
		m.untilStored(ctx, "rack "+rack, func() error { return m.announce(ctx, rack, servers) })
	}
	m.untilStored(ctx, "duties", func() error { return m.announceDuties(ctx) })
	m.untilStored(ctx, "where boards reach it", func() error { return m.announceDoors(ctx) })
}

func (m *Member) untilStored(ctx context.Context, what string, do func() error) {
	for ctx.Err() == nil {
		err := do()
		if err == nil {
			return
		}
		m.log.Debug("cluster: what this server's configuration says is not stored yet", "of", what, "error", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// announceDuties stores what this server is able to do for the cluster.
func (m *Member) announceDuties(ctx context.Context) error {
	return announceOwn(ctx, m, docDuty, m.cfg.Duties, slices.Equal[[]string])
}

// announceOwn stores this server's document of a kind, unless it says so already.
func announceOwn[T any](ctx context.Context, m *Member, kind string, now T, same func(a, b T) bool) error {
	var known T
	d, err := m.journal.GetDoc(ctx, kind, m.cfg.Server)
	switch {
	case errors.Is(err, persistence.ErrNotFound):
	case err != nil:
		return err
	case json.Unmarshal(d.Data, &known) != nil:
		known = *new(T) // another version's: replaced
	}
	if same(known, now) {
		return nil
	}
	data, err := json.Marshal(now)
	if err != nil {
		return err
	}
	return m.journal.PutDoc(ctx, persistence.Doc{Kind: kind, Name: m.cfg.Server, Data: data})
}

// duties are the servers that are able to do each duty, in the order of their names: the first that lives does it.
func (m *Member) duties() map[string][]string {
	all := make(map[string][]string)
	docs, err := m.journal.ListDocs(context.Background(), docDuty, "")
	if err != nil {
		return all // as in allOrders
	}
	for _, d := range docs {
		var names []string
		if json.Unmarshal(d.Data, &names) != nil {
			continue
		}
		for _, name := range names {
			all[lease.Duty(name)] = append(all[lease.Duty(name)], d.Name)
		}
	}
	return all
}

// Duty tells which server does a duty for the cluster, as this server's copy has it ("": none), and whether this one
// may now.
func (m *Member) Duty(name string) (server string, here bool) {
	_, _, here = m.leases.Held(lease.Duty(name))
	return m.Holder(lease.Duty(name)), here
}

func (m *Member) announce(ctx context.Context, rack string, servers []string) error {
	known, err := m.order(ctx, rack)
	if err != nil && !errors.Is(err, persistence.ErrNotFound) {
		return err
	}
	if slices.Equal(known.Servers, servers) {
		return nil
	}
	if known.By != "" && known.By != m.cfg.Server {
		m.log.Warn("cluster: two configurations name other servers for a rack; this server's holds from now on", "rack", rack,
			"here", servers, "other", known.By, "there", known.Servers)
	}
	data, err := json.Marshal(order{servers, m.cfg.Server})
	if err != nil {
		return err
	}
	return m.journal.PutDoc(ctx, persistence.Doc{Kind: docRack, Name: rack, Data: data})
}

func (m *Member) order(ctx context.Context, rack string) (o order, err error) {
	d, err := m.journal.GetDoc(ctx, docRack, rack)
	if err != nil {
		return o, err
	}
	return o, json.Unmarshal(d.Data, &o)
}

// orders are the servers of all racks without those that are drained, unless nobody else is left; those that are of no use
// for a rack come last.
func (m *Member) orders() map[string][]string {
	all := make(map[string][]string)
	if m.journal == nil {
		return all
	}
	drained, unfit := m.drained(), m.unfit()
	orders := m.allOrders()
	maps.Copy(orders, m.duties())
	for rack, servers := range orders {
		left := slices.DeleteFunc(slices.Clone(servers), func(s string) bool { return drained[s] })
		if len(left) == 0 {
			left = servers
		}
		all[rack] = unfitLast(rack, left, unfit)
	}
	return all
}

func (m *Member) allOrders() map[string][]string {
	all := make(map[string][]string)
	docs, err := m.journal.ListDocs(context.Background(), docRack, "")
	if err != nil {
		return all // closing, or a disk that the journal itself complains of
	}
	for _, d := range docs {
		var o order
		if json.Unmarshal(d.Data, &o) == nil {
			all[d.Name] = o.Servers
		}
	}
	return all
}

func (m *Member) drained() map[string]bool {
	all := make(map[string]bool)
	docs, err := m.journal.ListDocs(context.Background(), docDrain, "")
	if err != nil {
		return all // as above
	}
	for _, d := range docs {
		all[d.Name] = true
	}
	return all
}

// Drain has a server hand its racks to others, where there are others, and hold none until Undrain.
func (m *Member) Drain(ctx context.Context, server string) error {
	if err := m.knows(server); err != nil {
		return err
	}
	return m.journal.PutDoc(ctx, persistence.Doc{Kind: docDrain, Name: server, Data: []byte("{}")})
}

// Undrain lets a server hold racks again.
func (m *Member) Undrain(ctx context.Context, server string) error {
	if err := m.knows(server); err != nil {
		return err
	}
	return m.journal.DeleteDoc(ctx, docDrain, server)
}

func (m *Member) knows(server string) error {
	for _, s := range m.journal.Servers() {
		if string(s.ID) == server {
			return nil
		}
	}
	return fmt.Errorf("server %s: %w: the cluster has no such server", server, persistence.ErrNotFound)
}

// Holder is the server that holds a rack, as this server's copy has it; "" = nobody does.
func (m *Member) Holder(rack string) string {
	s, err := m.leaseState()
	if err != nil || s.Leases[rack].Released {
		return ""
	}
	return s.Leases[rack].Server
}

func (m *Member) leaseState() (s lease.State, err error) {
	err = m.journal.Read(context.Background(), func(tx persistence.KV) (err error) {
		s, err = lease.Read(tx)
		return err
	})
	return s, err
}

// Leave hands every rack that this server holds to another that lives, until ctx ends. A rack that nobody else may
// serve is kept: this server's next process is granted it at once.
func (m *Member) Leave(ctx context.Context) {
	orders := m.orders()
	for rack := range m.leases.Racks() {
		i := slices.IndexFunc(orders[rack], func(s string) bool { return s != m.cfg.Server && m.leases.Live(s) })
		if i < 0 {
			continue
		}
		if err := m.leases.HandOver(ctx, m.journal, rack, orders[rack][i]); err != nil {
			m.log.Warn("cluster: a rack was not handed over before this server stopped", "rack", rack, "to", orders[rack][i], "error", err)
		}
	}
}
