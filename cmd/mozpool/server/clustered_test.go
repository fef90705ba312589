package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/inventory"
	"mozpool/cluster/address"
	"mozpool/cluster/member"
	"mozpool/cmd/mozpool/config"
	v1 "mozpool/httpapi/v1"
	"mozpool/persistence"
)

func TestTakeOver(t *testing.T) {
	t.Parallel()
	a := clusterAPI{follow: map[string]error{"r1": nil, "r2": address.ErrNone}}
	both := []string{"img1", "img2"}
	for want, r := range map[string]member.Rack{
		v1.TakeOverAddress: {Name: "r1", Servers: both}, v1.TakeOverAPI: {Name: "r2", Servers: both}, v1.TakeOverNone: {Name: "r1", Servers: both[:1]},
	} {
		if got := a.takeOver(r); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
	if got := a.takeOver(member.Rack{Name: "elsewhere", Servers: both}); got != v1.TakeOverAPI {
		t.Errorf("a rack that is not served here: %q", got)
	}
}

// Remarks are made of racks that others may serve too, and only there.
func TestRemarks(t *testing.T) {
	t.Parallel()
	both := []string{"img1", "img2"}
	s := &Server{cfg: config.Config{Racks: map[string]config.Rack{"r1": {Servers: both}, "r2": {Servers: both}, "r3": {Servers: both[:1]}, "r4": {Servers: both}}}}
	if got := s.remarks(); got != nil {
		t.Errorf("of a server by itself: %q", got)
	}
	s.cluster = &clustered{follow: map[string]error{"r1": nil, "r2": address.ErrNone, "r3": address.ErrNone, "r4": errors.New("no right")}}
	want := []string{"take-over of rack r2: API only: the rack has no service_address", "take-over of rack r4: API only: no right"}
	if got := s.remarks(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// What is asked about a server that the cluster does not have is refused with its name.
func TestOrdersAboutServers(t *testing.T) {
	t.Parallel()
	m, err := member.Open(t.Context(), member.Config{Server: "img1", Journal: t.TempDir(), Observe: func(persistence.Op, error) {}, Restored: func() {}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}()
	a := clusterAPI{m: m, asOf: func(string) time.Time { return time.Time{} }}
	for name, do := range map[string]func(context.Context, string) error{"transfer": a.Transfer, "remove": a.Remove, "drain": a.Drain, "undrain": a.Undrain} {
		var p *actors.Problem
		if err := do(t.Context(), "nobody"); !errors.As(err, &p) || p.Kind != actors.NotFound || !strings.Contains(p.Text, "nobody") || !strings.Contains(p.Remedy, "cluster members") {
			t.Errorf("%s: %v", name, err)
		}
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
	cfg := config.Config{Boards: filepath.Join(t.TempDir(), "boards.yaml"), Racks: map[string]config.Rack{"r1": {}, "r2": {}}}
	text := "boards:\n"
	for i, board := range []string{`r1, power: "10.0.0.1:2101:bank1:relay1"`, `r1, power: "10.0.0.1:2101:bank1:relay2"`, `r2, power: "10.0.0.1:2101:bank1:relay3"`,
		`r2, power: manual`, `r2, power: "exec:/bin/pdu 7"`, `r2, power: "exec: /bin/pdu 7"`, `r2, power: "exec:/bin/pdu 8"`} {
		text += fmt.Sprintf("- {name: b%d, mac: \"52:54:00:01:00:0%d\", hardware: panda, rack: %s}\n", i+1, i+1, board)
	}
	write(t, cfg.Boards, text)
	boards, err := inventory.OpenFile(cfg.Boards, ParsePower)
	if err != nil {
		t.Fatal(err)
	}
	outlets(cfg, boards)
	_, problems := boards.Boards()
	if len(problems) != 2 || !strings.Contains(problems.Err().Error(), ":4:74: boards[2].power: relay board") || !strings.Contains(problems.Err().Error(), "boards[5].power: switches board b5") {
		t.Errorf("%v", problems.Err())
	}
}
