package member

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"mozpool/persistence"
	"mozpool/persistence/lease"
)

// The kinds of documents by which servers tell each other what their configurations say.
const (
	docRack  = "cluster-rack"  // by rack: its servers, the preferred first
	docDrain = "cluster-drain" // by server: it is to hold no rack
)

// order is what is stored of a rack.
type order struct {
	Servers []string `json:"servers"`
	By      string   `json:"by"` // whose configuration says so
}

// announceRacks stores which servers may serve the racks that are configured here: whoever leads grants by that, also
// racks that it does not serve itself.
func (m *Member) announceRacks(ctx context.Context) {
	for rack, servers := range m.cfg.Racks {
		for {
			err := m.announce(ctx, rack, servers)
			if err == nil {
				break
			}
			m.log.Debug("cluster: the servers of a rack are not stored yet", "rack", rack, "error", err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return
			}
		}
	}
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

// orders are the servers of all racks without those that are drained, unless nobody else is left.
func (m *Member) orders() map[string][]string {
	all := make(map[string][]string)
	if m.journal == nil {
		return all
	}
	drained := m.drained()
	for rack, servers := range m.allOrders() {
		left := slices.DeleteFunc(slices.Clone(servers), func(s string) bool { return drained[s] })
		if len(left) == 0 {
			left = servers
		}
		all[rack] = left
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
