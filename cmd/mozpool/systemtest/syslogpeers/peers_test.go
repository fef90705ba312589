package syslogpeers

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/net/ipv4"

	"mozpool/cmd/mozpool/systemtest/port"
)

// rates are lines a second, of all boards; each is held for spell. The first is so low that nobody loses any, and gives
// the CPU time of a line.
var rates = []int{5_000, 20_000, 40_000, 60_000, 80_000, 120_000, 160_000, 240_000, 320_000}

const spell = 2 * time.Second

// filler makes a line as long as the lines of kernels.
const filler = "mmcblk0: p1 p2 p3 and the other words of a line as boards say them while they boot"

// TestPeers reports, and fails only if this server loses lines at the lowest rate, or disorders or changes any.
func TestPeers(t *testing.T) {
	if os.Getenv("MOZPOOL_BENCH_PEERS") == "" {
		t.Skip("set MOZPOOL_BENCH_PEERS=1, or run make bench-peers: it loads the machine for minutes")
	}
	binary := filepath.Join(t.TempDir(), "mozpool")
	if out, err := exec.Command("go", "build", "-o", binary, "mozpool/cmd/mozpool").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	peers := []peer{mozpool(binary)}
	if other, err := exec.LookPath("rsyslogd"); err == nil {
		peers = append(peers, rsyslog(other))
	} else {
		t.Log("rsyslogd is not installed: this server is measured alone")
	}
	best, over := map[string]int{}, map[string]bool{}
	for _, rate := range rates {
		for _, p := range peers {
			sent, lost, cpu := p.measure(t, rate)
			reached := int(float64(sent) / spell.Seconds()) // sender and server share the machine
			t.Logf("%-8s %7d lines/s wanted, %7d sent: %6.2f %% lost, %6.2f µs of CPU a line", p.name, rate, reached,
				100*float64(lost)/float64(sent), float64(cpu.Microseconds())/float64(sent))
			if over[p.name] = over[p.name] || lost > 0; !over[p.name] {
				best[p.name] = max(best[p.name], reached)
			}
		}
	}
	t.Logf("highest rate that was sent, without loss at it and below: %v", best)
	if best["mozpool"] == 0 {
		t.Errorf("lines are lost at %d a second", rates[0])
	}
}

// measure loads a fresh server and counts what it kept. CPU is without that of a server that gets nothing.
func (p peer) measure(t *testing.T, rate int) (sent, lost int, cpu time.Duration) {
	t.Helper()
	idle := p.run(t, t.TempDir(), port.Free(t))
	pause(t.Context(), spell)
	spent := idle.end()
	dir, at := t.TempDir(), port.Free(t)
	r := p.run(t, dir, at)
	each := send(t, at, rate)
	for before := time.Duration(-1); before != r.cpu(); { // until it has caught up
		before = r.cpu()
		pause(t.Context(), 500*time.Millisecond)
	}
	cpu = max(0, r.end()-spent)
	for n := range boards {
		kept := p.kept(t, dir, n)
		lost += each[n] - len(kept)
		sent += each[n]
		lost += misplaced(t, p.name, n, kept)
	}
	return sent, lost, cpu
}

// misplaced holds a board's lines against what it sent: some may be missing, none may be changed. Those out of order are
// counted as lost; this server has none.
func misplaced(t *testing.T, name string, n int, kept []string) (count int) {
	t.Helper()
	last := -1
	for _, text := range kept {
		var i int
		if _, err := fmt.Sscanf(text, "line %d ", &i); err != nil || text != lineOf(i) || i <= last && name == "mozpool" {
			t.Fatalf("%s: board %d has %q behind line %d", name, n, text, last)
		}
		if i <= last {
			count++
		}
		last = max(last, i)
	}
	return count
}

func lineOf(i int) string { return fmt.Sprintf("line %d %s", i, filler) }

// bulk is how many lines a board sends at once where one at a time would keep the sender from a rate.
const bulk, bulkFrom = 16, 100_000

// send has the boards speak in turn at a rate, in bursts of a millisecond; it says how many lines each sent.
func send(t *testing.T, port, rate int) (each [boards]int) {
	t.Helper()
	conns := dial(t, port)
	turn := 1
	if rate >= bulkFrom {
		turn = bulk
	}
	began := time.Now()
	for total, n := 0, 0; ; {
		since := time.Since(began)
		if since >= spell {
			return each
		}
		for due := int(since.Seconds() * float64(rate)); total < due; total += turn {
			say(t, conns[n], each[n], turn)
			each[n] += turn
			n = (n + 1) % boards
		}
		pause(t.Context(), time.Millisecond)
	}
}

// dial gives each board its socket.
func dial(t *testing.T, port int) []*ipv4.PacketConn {
	t.Helper()
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
	conns := make([]*ipv4.PacketConn, boards)
	for n := range conns {
		c, err := net.DialUDP("udp", &net.UDPAddr{IP: boardAddress(n).AsSlice()}, to)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() }) // nothing is buffered
		conns[n] = ipv4.NewPacketConn(c)
	}
	return conns
}

// say sends lines of a board with one system call.
func say(t *testing.T, conn *ipv4.PacketConn, first, lines int) {
	t.Helper()
	var batch [bulk]ipv4.Message
	for i := range lines {
		batch[i].Buffers = [][]byte{[]byte("<6>Nov 23 09:00:00 bench: " + lineOf(first+i))}
	}
	for done := 0; done < lines; {
		n, err := conn.WriteBatch(batch[done:lines], 0)
		if err != nil {
			t.Fatal(err)
		}
		done += n
	}
}
