package actors

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
)

var update = flag.Bool("update", false, "write the golden files anew")

// heardStep is something that a board does some time after its power came.
type heardStep struct {
	after time.Duration
	in    board.Input
}

// broken are boards that fail, each in its own way, at every boot.
var broken = []struct {
	what  string
	steps []heardStep
	ends  board.State
}{
	{"its supply is dead", nil, board.FailedBoot},
	{"its card has no boot files", []heardStep{{3 * time.Second, board.Input{Kind: board.LoaderAsked}}, {9 * time.Second, board.Input{Kind: board.LoaderAsked}}}, board.FailedBoot},
	{"its kernel dies", []heardStep{{3 * time.Second, board.Input{Kind: board.LoaderAsked}}, {8 * time.Second, board.Input{Kind: board.KernelRead}}}, board.FailedBoot},
	{"its live environment has no route", []heardStep{{3 * time.Second, board.Input{Kind: board.LoaderAsked}}, {8 * time.Second, board.Input{Kind: board.KernelRead}},
		{12 * time.Second, board.Input{Kind: board.LineLogged}}}, board.FailedBoot},
	{"its second stage dies", []heardStep{{8 * time.Second, board.Input{Kind: board.StageRead}}}, board.FailedLive},
	{"its cable is loose", []heardStep{{8 * time.Second, board.Input{Kind: board.StageRead}}, {10 * time.Second, board.Input{Kind: board.Downloads}}}, board.FailedInstall},
	{"its card refuses writes", []heardStep{{8 * time.Second, board.Input{Kind: board.StageRead}}, {10 * time.Second, board.Input{Kind: board.Downloads}},
		{11 * time.Second, board.Input{Kind: board.Writes}}, {30 * time.Second, board.Input{Kind: board.ScriptFailed, Part: board.PartCard, Text: "dd: /dev/mmcblk0: Input/output error"}}}, board.FailedInstall},
	{"its card forgets", []heardStep{{8 * time.Second, board.Input{Kind: board.StageRead}}, {10 * time.Second, board.Input{Kind: board.Downloads}},
		{11 * time.Second, board.Input{Kind: board.Writes}}, {30 * time.Second, board.Input{Kind: board.Rebooting, Text: "sha256 of system differs"}}}, board.FailedInstall},
	{"it resets while it is written", []heardStep{{8 * time.Second, board.Input{Kind: board.StageRead}}, {10 * time.Second, board.Input{Kind: board.Downloads}},
		{11 * time.Second, board.Input{Kind: board.Writes}}, {20 * time.Second, board.Input{Kind: board.LoaderAsked}}}, board.FailedInstall},
	{"its image does not come up", []heardStep{{8 * time.Second, board.Input{Kind: board.StageRead}}, {10 * time.Second, board.Input{Kind: board.Downloads}},
		{11 * time.Second, board.Input{Kind: board.Writes}}, {30 * time.Second, board.Input{Kind: board.Rebooting, Good: true}},
		{35 * time.Second, board.Input{Kind: board.LoaderAsked}}}, board.FailedVerify},
	{"its relay is welded", nil, board.FailedPower},
	{"it hangs on another board's relay", nil, board.FailedPower},
}

// boots plays a board from its power on, with the token of its boot.
func (w *world) boots(name string, steps []heardStep) {
	for _, s := range steps {
		time.AfterFunc(s.after, func() {
			v := w.fleet().ByName(name)
			in := s.in
			if in.Kind != board.LoaderAsked {
				in.Token = v.Board.Token
			}
			w.fleet().Tell(v.Spec.ID, Evidence{Input: in, From: netip.MustParseAddrPort("10.0.0.9:2000")})
		})
	}
}

// TestFailuresExplained: for each way to fail, what `why` says, and what a technician takes along.
func TestFailuresExplained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := len(broken)
		w := newWorld(t, n+1, func(c *Config) {
			c.Planner = plans{check: Check{Kind: board.VerifyPing}}
			c.Probe = func(context.Context, netip.Addr, Check) error { return errors.New("no answer") }
			c.Racks["r1"] = RackRules{BootsAtOnce: 2 * n}
		})
		defer w.f.Stop()
		w.rail.stuck = map[Switch]error{relayAt(1, n-1): errors.New("the relay reads on after off")}
		w.rail.onSwitch = func(s Switch, on bool) {
			var i int
			_, _ = fmt.Sscanf(s.Outlet, "%d", &i) // relayAt made it
			switch {
			case !on || i > n:
			case i == n: // crossed with the board behind it
				w.boots(fmt.Sprintf("board%d", n+1), []heardStep{{3 * time.Second, board.Input{Kind: board.LoaderAsked}}})
			default:
				w.boots(fmt.Sprintf("board%d", i), broken[i-1].steps)
			}
		}
		var out strings.Builder
		for i, b := range broken {
			name := fmt.Sprintf("board%d", i+1)
			w.wish(name, board.WantImage, "v2")
			w.until(name, b.ends)
			why, err := w.f.Why(name)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%s\n  why: %s\n  last heard: %s\n", b.what, why.Text, strings.TrimSpace(string(why.Evidence.Kind)+" "+why.Evidence.Text))
			for _, r := range w.f.RepairList() {
				if r.Board == name {
					fmt.Fprintf(&out, "  repair list: %s; take %s; %s\n", r.Part, r.Take, r.Remedy)
				}
			}
		}
		goldenText(t, "failures.txt", out.String())
	})
}

func goldenText(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it anew):\n%s", path, got)
	}
}
