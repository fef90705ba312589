package server

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"mozpool/actors"
	"mozpool/actors/inventory"
	"mozpool/cluster/member"
	"mozpool/cmd/mozpool/config"
	v1 "mozpool/httpapi/v1"
	"mozpool/persistence"
)

func TestTakeOver(t *testing.T) {
	t.Parallel()
	with := config.Rack{ServiceAddress: config.ServiceAddress{Prefix: netip.MustParsePrefix("10.0.0.9/24"), Interface: "eth1"}}
	a := clusterAPI{racks: map[string]config.Rack{"r1": with, "r2": {}}, moving: true}
	both := []string{"img1", "img2"}
	for want, r := range map[string]member.Rack{
		v1.TakeOverAddress: {Name: "r1", Servers: both}, v1.TakeOverAPI: {Name: "r2", Servers: both}, v1.TakeOverNone: {Name: "r1", Servers: both[:1]},
	} {
		if got := a.takeOver(r); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
	a.moving = false
	if got := a.takeOver(member.Rack{Name: "r1", Servers: both}); got != v1.TakeOverAPI {
		t.Errorf("without the right to move addresses: %q", got)
	}
}

func TestErrorsOfTheCluster(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]actors.ProblemKind{
		persistence.ErrNotFound: actors.NotFound, persistence.ErrInvalid: actors.Refused,
		persistence.ErrUnavailable: actors.Unavailable, persistence.ErrUnknown: actors.Unavailable,
	} {
		var p *actors.Problem
		if got := told(fmt.Errorf("asked: %w", err)); !errors.As(got, &p) || p.Kind != want || p.Remedy == "" || !strings.HasPrefix(p.Text, "asked: ") {
			t.Errorf("%v: %v", err, got)
		}
	}
	if told(nil) != nil {
		t.Error("no error is one")
	}
}

// A relay board belongs to one rack, and an outlet to one board, however its line is written.
func TestSharedRelayBoards(t *testing.T) {
	t.Parallel()
	l := lists{specs: []inventory.Spec{
		{Name: "b1", Rack: "r1", Power: "10.0.0.1:2101:bank1:relay1"}, {Name: "b2", Rack: "r1", Power: "10.0.0.1:2101:bank1:relay2"},
		{Name: "b3", Rack: "r2", Power: "10.0.0.1:2101:bank1:relay3"}, {Name: "b4", Rack: "r2", Power: "manual"},
		{Name: "b5", Rack: "r2", Power: "exec:/bin/pdu 7"}, {Name: "b6", Rack: "r2", Power: "exec: /bin/pdu 7"}, {Name: "b7", Rack: "r2", Power: "exec:/bin/pdu 8"},
	}}
	problems := l.shared(config.Config{Boards: "boards.yaml"})
	if len(problems) != 2 || !strings.Contains(problems.Err().Error(), "board b3.power: relay board") || !strings.Contains(problems.Err().Error(), "board b6.power: switches board b5") {
		t.Errorf("%v", problems.Err())
	}
}
