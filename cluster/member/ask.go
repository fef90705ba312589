package member

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"mozpool/cluster/ask"
	"mozpool/persistence"
)

// What is asked of the server that leads.
const (
	aboutTransfer = "transfer"
	aboutRemove   = "remove"
)

// order of an operator, about a server of the cluster; its answer.
type (
	errand struct {
		Server string `json:"server"`
	}
	outcome struct {
		Kind string `json:"kind,omitempty"` // of the error: not_found, invalid, unavailable; empty: any other
		Text string `json:"text,omitempty"` // empty: it is done
	}
)

var kinds = map[string]error{"not_found": persistence.ErrNotFound, "invalid": persistence.ErrInvalid, "unavailable": persistence.ErrUnavailable}

// Others are all other servers of the group.
func (m *Member) Others() (names []string) {
	for _, s := range m.journal.Servers() {
		if string(s.ID) != m.cfg.Server {
			names = append(names, string(s.ID))
		}
	}
	return names
}

// Ask asks a server of the cluster; errors are those of package ask.
func (m *Member) Ask(ctx context.Context, server string, q ask.Question, answer any) error {
	if m.asks == nil {
		return fmt.Errorf("ask server %s: %w: this server is by itself", server, ask.ErrNotSent)
	}
	for _, s := range m.journal.Servers() {
		if string(s.ID) == server {
			return m.asks.Ask(ctx, string(s.Address), q, answer)
		}
	}
	return fmt.Errorf("ask server %s: %w: the cluster has no such server", server, ask.ErrNotSent)
}

// answer answers what concerns the cluster itself, and hands on the rest.
func (m *Member) answer(ctx context.Context, q ask.Question) any {
	if q.Subject == aboutClock {
		return moment{m.cfg.Clock()}
	}
	if q.Subject != aboutTransfer && q.Subject != aboutRemove {
		return m.cfg.Answer(ctx, q)
	}
	var e errand
	if err := json.Unmarshal(q.Body, &e); err != nil {
		return outcome{Text: "read the question: " + err.Error()}
	}
	err := m.run(ctx, q.Subject, e.Server)
	if err == nil {
		return outcome{}
	}
	for kind, is := range kinds {
		if errors.Is(err, is) {
			return outcome{Kind: kind, Text: err.Error()}
		}
	}
	return outcome{Text: err.Error()}
}

func (m *Member) run(ctx context.Context, subject, server string) error {
	if subject == aboutTransfer {
		return m.journal.Transfer(server)
	}
	return m.journal.Remove(ctx, server)
}

// Transfer hands the lead of the log to another server.
func (m *Member) Transfer(ctx context.Context, server string) error {
	return m.lead(ctx, aboutTransfer, server)
}

// Remove takes a server out of the cluster for good and frees its name.
func (m *Member) Remove(ctx context.Context, server string) error {
	return m.lead(ctx, aboutRemove, server)
}

// lead has the server that leads do something.
func (m *Member) lead(ctx context.Context, subject, server string) error {
	leader := m.journal.Leader()
	switch leader {
	case "":
		return fmt.Errorf("%w: no server leads now; without a majority nothing is decided", persistence.ErrUnavailable)
	case m.cfg.Server:
		return m.run(ctx, subject, server)
	}
	body, err := json.Marshal(errand{server})
	if err != nil {
		return err
	}
	var o outcome
	if err := m.Ask(ctx, leader, ask.Question{Subject: subject, Body: body}, &o); err != nil {
		return fmt.Errorf("%w: %w", persistence.ErrUnavailable, err)
	}
	if o.Text == "" {
		return nil
	}
	if known := kinds[o.Kind]; known != nil {
		return fmt.Errorf("at %s: %s: %w", leader, o.Text, known)
	}
	return fmt.Errorf("at %s: %s", leader, o.Text)
}
