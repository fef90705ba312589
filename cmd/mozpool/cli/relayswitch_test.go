package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"mozpool/relayproto"
	"mozpool/relayproto/power/outletsim"
	"mozpool/relayproto/relaysim"
)

// TestDirect drives a simulated relay board with the real one's manners: deaf for a second after each connection.
func TestDirect(t *testing.T) {
	t.Parallel()
	sim, err := relaysim.Listen("127.0.0.1:0", relaysim.Options{Speed: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	}()
	relay := relayproto.Relay{Bank: 2, Number: 5}
	at := RelaySwitch{Direct: true, Switch: sim.Addr() + ":bank2:relay5"}
	for _, step := range []struct {
		run     func(*Context) error
		says    string
		powered bool
	}{
		{(&RelayStatus{at}).Run, "on", true},
		{(&RelayOff{at}).Run, "off", false},
		{(&RelayStatus{at}).Run, "off", false},
		{(&RelayCycle{at}).Run, "cycled", true},
		{(&RelayOn{at}).Run, "on", true},
	} {
		var out bytes.Buffer
		if err := step.run(&Context{Context: t.Context(), Out: &out}); err != nil {
			t.Fatalf("%s: %v", step.says, err)
		}
		if got := strings.TrimSpace(out.String()); got != step.says || sim.Powered(relay) != step.powered {
			t.Errorf("said %q with power %v, want %q with %v", got, sim.Powered(relay), step.says, step.powered)
		}
	}
}

// A switch that only cycles is not asked twice when its answer is lost.
func TestDirectCyclesOnce(t *testing.T) {
	t.Parallel()
	strip, err := outletsim.Listen("127.0.0.1:0", outletsim.Options{Style: outletsim.Daemon})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := strip.Close(); err != nil {
			t.Error(err)
		}
	}()
	at := RelaySwitch{Direct: true, Switch: "http://" + strip.Addr() + "/; cycle=POST /outlets/7/cycle"}
	var out bytes.Buffer
	if err := (&RelayCycle{at}).Run(&Context{Context: t.Context(), Out: &out}); err != nil || out.String() != "cycled\n" {
		t.Fatalf("said %q, %v", out.String(), err)
	}
	strip.SetFaults(outletsim.Faults{Drop: true})
	var coded *Error
	if err := (&RelayCycle{at}).Run(&Context{Context: t.Context()}); !errors.As(err, &coded) || coded.Exit != ExitUnreachable {
		t.Fatal(err)
	}
	if n := len(strip.Journal()); n != 2 {
		t.Fatalf("%d requests for two cycles", n)
	}
	if err := (&RelayOff{at}).Run(&Context{Context: t.Context()}); !errors.As(err, &coded) || coded.Exit != ExitUsage {
		t.Fatal("off, of a switch that only cycles:", err)
	}
}

func TestDirectRefuses(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]RelaySwitch{"a bank that is none": {Direct: true, Switch: "h:bank9:relay1"},
		"a person": {Direct: true, Switch: "manual"}} {
		var coded *Error
		if err := (&RelayOn{r}).Run(&Context{Context: t.Context()}); !errors.As(err, &coded) || coded.Exit != ExitUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
}
