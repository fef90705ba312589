package cluster

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"mozpool/cmd/mozpool/systemtest/wire"
	"mozpool/relayproto/relaysim"
)

// woken is a server that was stopped, and went on then: it may have been between its look at the lease and the write.
type woken struct {
	server string
	at     time.Time
}

const (
	// awake is how long a process may take for what it was about to do when it was stopped.
	awake = 3 * time.Second
	// said is how long a server may take at most to say that it runs a rack, from the moment at which it may.
	said = 30 * time.Second
)

type (
	// granted is the lease of a rack under its next epoch; commanded is a command that reached a relay board of it.
	granted struct {
		epoch  int
		server string
	}
	commanded struct {
		server string
		late   uint64 // a bit for each waking that would excuse it
	}
	// tenure is who has the rack, under which epoch, and which wakings have excused a command already.
	tenure struct {
		epoch  int
		holder string
		used   uint64
	}
)

// leases is what may happen to a rack, one after another: it is granted under the next epoch, and its relays are
// commanded by whoever has it then; once for each waking by who was woken.
var leases = porcupine.NondeterministicModel{
	Init: func() []any { return []any{tenure{}} },
	Step: func(state, input, _ any) (next []any) {
		now := state.(tenure)
		switch in := input.(type) {
		case granted:
			if in.epoch > now.epoch {
				return []any{tenure{in.epoch, in.server, now.used}}
			}
		case commanded:
			if in.server == now.holder {
				return []any{now}
			}
			for bit := uint64(1); bit != 0; bit <<= 1 {
				if in.late&bit != 0 && now.used&bit == 0 {
					next = append(next, tenure{now.epoch, now.holder, now.used | bit})
				}
			}
		}
		return next
	},
}

// run is a rack's actors at a server from a moment on.
type run struct {
	granted
	at time.Time
}

// leaseHistory is what happened to one relay board, by its own record, and to the rack that it is of, by the servers':
// a grant came before its server said so, and a command came when it came.
func leaseHistory(runs []run, commands []relaysim.Entry, named func(string) string, wakings []woken) (all []porcupine.Operation) {
	for i, r := range runs {
		call := int64(0)
		if i > 0 {
			call = runs[i-1].at.Add(-said).UnixNano()
		}
		all = append(all, porcupine.Operation{Input: r.granted, Call: min(call, r.at.UnixNano()), Return: r.at.UnixNano()})
	}
	for _, c := range commands {
		in := commanded{server: named(c.From)}
		for i, w := range wakings {
			if after := c.At.Sub(w.at); w.server == in.server && after >= 0 && after < awake {
				in.late |= 1 << (i % 64)
			}
		}
		all = append(all, porcupine.Operation{ClientId: 1, Input: in, Call: c.At.UnixNano(), Return: c.At.UnixNano()})
	}
	return all
}

// judgeHands: no command came from a server that did not have the rack when it came. Relay boards know who speaks; who
// ran which epoch, and since when, is in the servers' logs.
func (w *wired) judgeHands() {
	w.t.Helper()
	all, commands := w.runs(), 0
	for _, r := range w.Racks {
		for _, relays := range r.Relays {
			journal := relays.Journal()
			commands += len(journal)
			fits := func(n int) bool {
				return porcupine.CheckOperations(leases.ToModel(), leaseHistory(all[r.Name], journal[:n], w.named, w.woken))
			}
			if fits(len(journal)) {
				continue
			}
			n := sort.Search(len(journal), func(n int) bool { return !fits(n + 1) })
			w.t.Errorf("rack %s: command %d of %d to a relay board came from %s at %s, which did not have the rack; who had it in turn: %+v; woken were %+v",
				r.Name, n+1, len(journal), w.named(journal[n].From), journal[n].At.Format(time.StampMilli), all[r.Name], w.woken)
		}
	}
	if commands < w.boards {
		w.t.Errorf("relay boards had %d commands, fewer than there are boards", commands)
	}
}

// named is the server at an address.
func (w *wired) named(address string) string {
	for _, p := range w.Servers {
		if wire.Address(w.end(p)).String() == address {
			return p.Name
		}
	}
	return address
}

// epochs are the lines by which servers say that they run a rack.
var epochs = regexp.MustCompile(`(?m)^time=(\S+) .*a rack's actors run here" rack=(\S+) epoch=(\d+)`)

// runs are, by rack, the servers that ran it, in the order of epochs. No epoch is run by two.
func (w *world) runs() map[string][]run {
	w.t.Helper()
	ran := make(map[string]map[int]run)
	for _, p := range w.Servers {
		log, err := p.Log()
		w.must(err)
		if strings.Contains(string(log), "DATA RACE") {
			w.t.Errorf("%s has a data race", p.Name)
		}
		for _, m := range epochs.FindAllStringSubmatch(string(log), -1) {
			at, err := time.Parse(time.RFC3339Nano, m[1])
			w.must(err)
			epoch, err := strconv.Atoi(m[3])
			w.must(err)
			if ran[m[2]] == nil {
				ran[m[2]] = make(map[int]run)
			}
			if other, known := ran[m[2]][epoch]; known {
				w.t.Errorf("%s and %s ran rack %s under epoch %d", other.server, p.Name, m[2], epoch)
			}
			ran[m[2]][epoch] = run{granted{epoch, p.Name}, at.Add(time.Millisecond)} // what is logged is cut off there
		}
	}
	all := make(map[string][]run)
	for rack, by := range ran {
		for _, epoch := range slices.Sorted(maps.Keys(by)) {
			all[rack] = append(all[rack], by[epoch])
		}
	}
	return all
}

// The judge of hands says no to what must never be: it is shown to. A capital letter is a server that says that it runs
// the rack, a small one a command by it, and ! the waking of a; all are a minute apart.
func TestLeaseModel(t *testing.T) {
	t.Parallel()
	for story, want := range map[string]bool{
		"Aaaa":     true,
		"AaaBbbAa": true,
		"AaaBCc":   true,  // b had nothing to say
		"aA":       true,  // the grant came a moment before it was said
		"AaBa":     false, // a does not know yet
		"AaBbab":   false,
		"Aab":      false, // b never had it
		"Bbb!ab":   false, // nor did a, that was woken a minute before
		"AaBb!aab": false,
	} {
		var runs []run
		var commands []relaysim.Entry
		var wakings []woken
		for i, c := range story {
			at := time.Unix(int64(60*i), 0)
			switch {
			case c == '!':
				wakings = append(wakings, woken{"a", at})
			case c < 'a':
				runs = append(runs, run{granted{len(runs) + 1, strings.ToLower(string(c))}, at})
			default:
				commands = append(commands, relaysim.Entry{At: at, From: string(c)})
			}
		}
		same := func(s string) string { return s }
		if got := porcupine.CheckOperations(leases.ToModel(), leaseHistory(runs, commands, same, wakings)); got != want {
			t.Errorf("%s: %t, want %t", story, got, want)
		}
	}
	at := func(second float64) time.Time { return time.Unix(0, int64(second*1e9)) }
	runs := []run{{granted{1, "a"}, at(1)}, {granted{2, "b"}, at(100)}}
	for n, want := range []bool{true, true, false} { // so many commands by a, that was woken once
		var commands []relaysim.Entry
		for i := range n {
			commands = append(commands, relaysim.Entry{At: at(150.1 + float64(i)/10), From: "a"})
		}
		if got := porcupine.CheckOperations(leases.ToModel(), leaseHistory(runs, commands, func(s string) string { return s }, []woken{{"a", at(150)}})); got != want {
			t.Errorf("%s: %t, want %t", fmt.Sprint(n, " late"), got, want)
		}
	}
}
