package lease

import (
	"errors"
	"reflect"
	"testing"

	"mozpool/persistence"
)

func renew(server string, incarnation, number uint64) Renew {
	return Renew{Session{server, incarnation, number}}
}

// Each op is judged on: s1 (process 2, renewal 7) holds r1 with epoch 4; s2
// (process 1, renewal 3) lives; r2 was released by s2 at epoch 9, for s1.
func TestOpsAreComparedWithWhatIsStored(t *testing.T) {
	t.Parallel()
	s1, s2 := Session{"s1", 2, 7}, Session{"s2", 1, 3}
	grant := func(change func(*Grant)) Grant {
		g := Grant{Rack: "r1", Server: "s2", Incarnation: 1, Epoch: 5, From: s1}
		change(&g)
		return g
	}
	tests := []struct {
		name string
		op   persistence.Op
		want error
	}{
		{"renewal", renew("s1", 2, 8), nil},
		{"late renewal", renew("s1", 2, 6), persistence.ErrConflict},
		{"renewal of the process before", renew("s1", 1, 99), persistence.ErrFenced},
		{"renewal of nobody", renew("", 1, 1), persistence.ErrInvalid},
		{"grant of what was seen", grant(func(*Grant) {}), nil},
		{"holder renewed in between", grant(func(g *Grant) { g.From.Number = 6 }), persistence.ErrConflict},
		{"another epoch", grant(func(g *Grant) { g.Epoch = 6 }), persistence.ErrConflict},
		{"same epoch", grant(func(g *Grant) { g.Epoch = 4 }), persistence.ErrConflict},
		{"to a process that is over", grant(func(g *Grant) { g.Incarnation = 0 }), persistence.ErrConflict},
		{"to a server without a session", grant(func(g *Grant) { g.Server = "s3" }), persistence.ErrConflict},
		{"released needs no silence", Grant{Rack: "r2", Server: "s1", Incarnation: 2, Epoch: 10}, nil},
		{"new rack", Grant{Rack: "r3", Server: "s1", Incarnation: 2, Epoch: 1}, nil},
		{"release", Release{Rack: "r1", Server: "s1", Incarnation: 2, Epoch: 4}, nil},
		{"release of an older epoch", Release{Rack: "r1", Server: "s1", Incarnation: 2, Epoch: 3}, persistence.ErrConflict},
		{"release by another", Release{Rack: "r1", Server: "s2", Incarnation: 1, Epoch: 4}, persistence.ErrConflict},
		{"release again", Release{Rack: "r2", Server: "s2", Incarnation: 1, Epoch: 9, To: "s1"}, nil},
	}
	for _, tt := range tests {
		m := memory{}
		must(t, save(m, sessionKey("s1"), s1))
		must(t, save(m, sessionKey("s2"), s2))
		must(t, save(m, leaseKey("r1"), Lease{Rack: "r1", Server: "s1", Incarnation: 2, Epoch: 4}))
		must(t, save(m, leaseKey("r2"), Lease{Rack: "r2", Server: "s2", Incarnation: 1, Epoch: 9, Released: true, To: "s1"}))
		before := m.state(t)
		err := tt.op.Apply(m)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
		if err != nil && !reflect.DeepEqual(before, m.state(t)) {
			t.Errorf("%s: refused, but changed something", tt.name)
		}
		if again := tt.op.Apply(m); (again == nil) != (err == nil) {
			t.Errorf("%s: sent again: %v", tt.name, again)
		}
	}
}

// The next process of a server gets its racks at once: its folder's lock says
// that the one before is over.
func TestRestartNeedsNoSilence(t *testing.T) {
	t.Parallel()
	m := memory{}
	must(t, renew("s1", 1, 5).Apply(m))
	must(t, Grant{Rack: "r1", Server: "s1", Incarnation: 1, Epoch: 1}.Apply(m))
	must(t, renew("s1", 2, 1).Apply(m))
	grants := NewWatch().Grants(m.state(t), map[string][]string{"r1": {"s0", "s1"}}, 10*Silence)
	if len(grants) != 1 || grants[0].Server != "s1" || grants[0].Incarnation != 2 {
		t.Fatalf("got %+v", grants)
	}
	must(t, grants[0].Apply(m))
	if l := m.state(t).Leases["r1"]; l.Epoch != 2 || l.Incarnation != 2 {
		t.Errorf("got %+v", l)
	}
}

// A grant fences the changes of the owner before, also for boards that the
// new one has not touched.
func TestGrantFencesTheRack(t *testing.T) {
	t.Parallel()
	m := memory{}
	must(t, renew("s1", 1, 1).Apply(m))
	must(t, Grant{Rack: "r1", Server: "s1", Incarnation: 1, Epoch: 1}.Apply(m))
	data, err := persistence.EncodeOp(Release{Rack: "r1", Server: "s1", Incarnation: 1, Epoch: 1})
	must(t, err)
	op, err := Kinds().Decode(data)
	must(t, err)
	must(t, op.Apply(m))
	must(t, Grant{Rack: "r1", Server: "s1", Incarnation: 1, Epoch: 2}.Apply(m))
	if value := m["f\x00r1\x00"]; len(value) != 8 || value[7] != 2 {
		t.Errorf("the fence is %v", value)
	}
}
