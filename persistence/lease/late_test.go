package lease

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"mozpool/persistence"
)

// s1 holds r1 with epoch 1; s2 and s3 live. Each story says who may emit one
// more command for the rack then.
func TestWhoMayBeLate(t *testing.T) {
	t.Parallel()
	session := func(server string, incarnation uint64) Session { return Session{server, incarnation, 1} }
	to := func(server string, epoch uint64, from Session) Grant {
		return Grant{Rack: "r1", Server: server, Incarnation: 1, Epoch: epoch, From: from}
	}
	silence := to("s2", 2, session("s1", 1))
	release := Release{Rack: "r1", Server: "s1", Incarnation: 1, Epoch: 1}
	tests := []struct {
		name string
		ops  []persistence.Op
		want string
	}{
		{"nobody lost it", nil, ""},
		{"lost in silence", []persistence.Op{silence}, "s1"},
		{"it renews", []persistence.Op{silence, renew("s1", 1, 9)}, ""},
		{"its next process renews", []persistence.Op{silence, renew("s1", 2, 1)}, ""},
		{"another renews", []persistence.Op{silence, renew("s3", 1, 9)}, "s1"},
		{"let go of", []persistence.Op{release, silence}, ""},
		{"its process was over", []persistence.Op{renew("s1", 2, 1), to("s2", 2, session("s1", 2))}, ""},
		{"lost twice", []persistence.Op{silence, to("s3", 3, session("s2", 1))}, "s1 s2"},
		{"lost, then had again", []persistence.Op{silence, renew("s1", 1, 9), to("s1", 3, session("s2", 1))}, "s2"},
	}
	for _, tt := range tests {
		l := NewLate()
		l.Know(State{map[string]Session{}, map[string]Lease{"r1": {Rack: "r1", Server: "s1", Incarnation: 1, Epoch: 1}}}, nil)
		for _, op := range tt.ops {
			l.Observe(op, nil)
			l.Observe(to("s9", 9, session("s8", 1)), errors.New("refused"))
		}
		if got := strings.Join(l.Servers("r1"), " "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// What a server has not observed, it takes for the worst.
func TestUnobservedIsDoubted(t *testing.T) {
	t.Parallel()
	orders := map[string][]string{"r1": {"s1", "s2", "s3", "s4"}}
	s := State{map[string]Session{"s1": {"s1", 1, 1}, "s2": {"s2", 3, 1}, "s3": {"s3", 1, 1}}, map[string]Lease{"r1": {Rack: "r1", Server: "s1", Incarnation: 1, Epoch: 5}}}
	l := NewLate()
	l.Know(s, orders) // s4 has never had a session
	if got := l.Servers("r1"); !slices.Equal(got, []string{"s2", "s3"}) {
		t.Errorf("from a copy of before: %v", got)
	}
	late := NewLate()
	late.Observe(Release{Rack: "r1", Server: "s2", Incarnation: 3, Epoch: 4}, nil) // the copy catches up before it is read
	late.Observe(Grant{Rack: "r1", Server: "s1", Incarnation: 1, Epoch: 5}, nil)
	late.Know(s, orders)
	if got := late.Servers("r1"); !slices.Equal(got, []string{"s2", "s3"}) {
		t.Errorf("from a copy that caught up first: %v", got)
	}
	l.Observe(renew("s2", 2, 9), nil) // of a process before
	l.Observe(renew("s3", 1, 2), nil)
	l.Know(s, orders) // nothing new
	if got := l.Servers("r1"); !slices.Equal(got, []string{"s2"}) {
		t.Errorf("after renewals: %v", got)
	}
}
