package power_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mozpool/relayproto"
	"mozpool/relayproto/power"
	"mozpool/relayproto/power/outletsim"
	"mozpool/relayproto/relaysim"
)

// rig is a simulated switch with one outlet that a test looks at.
type rig struct {
	spec      power.Spec
	powered   func() bool
	fault     func(name string) // "": none
	losePower func()
	left      func() int // connections and processes still there
}

var rigs = map[string]func(testing.TB) rig{
	"proxr":   proxrRig,
	"exec":    execRig,
	"tasmota": httpRig(outletsim.Tasmota, 2, "/cm?cmnd=Power2"),
	"shelly1": httpRig(outletsim.Shelly1, 1, "/relay/1"),
	"shelly2": httpRig(outletsim.Shelly2, 1, "/rpc/Switch.Set?id=1"),
	"daemon": httpRig(outletsim.Daemon, 7, `/; on=PUT /outlets/7 {"state":"on"} => "state":"on"; off=PUT /outlets/7 {"state":"off"} => "state":"off"; `+
		`status=GET /outlets/7 => "state":"on" | "state":"off"`),
}

func parse(t testing.TB, line string) power.Spec {
	t.Helper()
	spec, err := power.Parse(line)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func proxrRig(t testing.TB) rig {
	b, err := relaysim.Listen("127.0.0.1:0", relaysim.Options{Rest: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	relay := relayproto.Relay{Bank: 2, Number: 3}
	var other *relayproto.Session
	return rig{
		spec:      parse(t, b.Addr()+":bank2:relay3"),
		powered:   func() bool { return b.Powered(relay) },
		losePower: b.LosePower,
		left:      func() int { return 0 }, // the simulator's Close waits for them
		fault: func(name string) {
			b.SetFaults(map[string]relaysim.Faults{
				"silent": {Mute: true}, "trickle": {Slow: time.Millisecond}, "reset": {Drop: true}, "third": {Every: 3},
				"nonsense": {Nonsense: []byte{7}}, "stuck": {Stuck: map[relayproto.Relay]bool{relay: true}},
			}[name])
			if other != nil {
				_ = other.Close()
				other = nil
			}
			if name == "occupied" {
				other, err = relayproto.Dial(context.Background(), relayproto.Config{Address: b.Addr(), ReplyTimeout: time.Minute})
				if err = errors.Join(err, other.Test()); err != nil {
					t.Fatal(err)
				}
				c := other
				t.Cleanup(func() { _ = c.Close() })
			}
		},
	}
}

func execRig(t testing.TB) rig {
	dir := t.TempDir()
	write := func(name, text string) { write(t, filepath.Join(dir, name), text) }
	return rig{
		spec:      parse(t, "exec:"+os.Args[0]+" "+helperWord+" "+dir+" {op}; env=GORACE"),
		powered:   func() bool { text, _ := os.ReadFile(filepath.Join(dir, "state")); return string(text) != "off" },
		losePower: func() { write("state", "on") },
		fault:     func(name string) { write("fault", name) },
		left:      func() int { return running(dir) },
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// running counts the helpers that are still there.
func running(dir string) (n int) {
	notes, _ := filepath.Glob(filepath.Join(dir, "run-*"))
	for _, note := range notes {
		pid, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(note), "run-"))
		if err == nil && syscall.Kill(pid, 0) == nil {
			n++
		}
	}
	return n
}

func httpRig(style outletsim.Style, outlet int, path string) func(testing.TB) rig {
	return func(t testing.TB) rig {
		s := strip(t, outletsim.Options{Style: style, Single: true})
		var other net.Conn
		return rig{
			spec:      parse(t, "http://"+s.Addr()+path),
			powered:   func() bool { return s.Powered(outlet) },
			losePower: s.LosePower,
			left:      s.Open,
			fault: func(name string) {
				s.SetFaults(map[string]outletsim.Faults{
					"silent": {Mute: true}, "trickle": {Slow: time.Millisecond}, "reset": {Drop: true}, "third": {Every: 3},
					"nonsense": {Nonsense: []byte("\x07\r\n")}, "stuck": {Stuck: true},
				}[name])
				if other != nil {
					_ = other.Close()
					other = nil
					waitFor(t, func() bool { return s.Open() == 0 })
				}
				if name == "occupied" {
					var err error
					if other, err = net.Dial("tcp", s.Addr()); err != nil {
						t.Fatal(err)
					}
					c := other
					t.Cleanup(func() { _ = c.Close() })
					waitFor(t, func() bool { return s.Open() == 1 })
				}
			},
		}
	}
}

func strip(t testing.TB, o outletsim.Options) *outletsim.Strip {
	t.Helper()
	s, err := outletsim.Listen("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// open gives a session with time enough for a machine under load.
func open(t testing.TB, spec power.Spec, o power.Options) power.Session {
	t.Helper()
	if o.ReplyTimeout == 0 {
		o.ReplyTimeout = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	s, err := power.Open(ctx, spec, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// waitFor looks again and again until the condition holds.
func waitFor(t testing.TB, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		<-tick.C
	}
}
