package crash

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mozpool/netboot/boardsim"
	"mozpool/persistence"
)

const (
	talkers = 5
	talking = 3 * time.Second
	maxLoss = time.Second // what a killed server may lose of a board's log
)

// TestKilledInMidStream: five boards talk by UDP when the server is killed. Every line that is older than a second is
// found again by its board, in order, byte for byte. What the machine stood still in between is added: no server can
// write while it does not run, or its disk does not take anything.
func TestKilledInMidStream(t *testing.T) {
	t.Parallel()
	r := newRack(t, talkers)
	r.start()
	stop := make(chan struct{})
	var probing sync.WaitGroup
	var stall time.Duration
	probing.Go(func() { stall = r.stalls(stop) })
	sent := r.talk()
	r.kill()
	killed := time.Now()
	close(stop)
	probing.Wait()
	logs, err := persistence.OpenLogs(filepath.Join(r.dir, "data/logs"), persistence.LogOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = logs.Close() }() // only read
	for n := range talkers {
		kept := 0
		f := persistence.Filter{Board: boardsim.NameOf(n + 1), Source: "syslog", Text: "stream: "}
		if err := logs.Export(t.Context(), f, func(l persistence.Line) bool {
			if l.Text != spoken(kept) {
				t.Errorf("line %d of board %d is %q", kept, n, l.Text)
			}
			kept++
			return true
		}); err != nil {
			t.Fatal(err)
		}
		if kept == 0 || kept > len(sent) {
			t.Fatalf("board %d said %d lines, %d are kept", n, len(sent), kept)
		}
		if kept < len(sent) && killed.Sub(sent[kept]) > maxLoss+2*stall {
			t.Errorf("a line of board %d was %s old and is lost; %d of %d are kept, the machine stood still for %s", n, killed.Sub(sent[kept]), kept, len(sent), stall)
		}
	}
}

// spoken is line i of every board.
func spoken(i int) string {
	return fmt.Sprintf("stream: line %d \t~ %s", i, strings.Repeat("-", i%200))
}

// talk sends a line of each board every few milliseconds, and returns when each was sent.
func (r *rack) talk() (sent []time.Time) {
	r.t.Helper()
	var conns [talkers]*net.UDPConn
	for n := range conns {
		c, err := net.DialUDP("udp", &net.UDPAddr{IP: boardsim.AddressOf(boardsim.DefaultBase, n+1).AsSlice()}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: r.ports[3]})
		if err != nil {
			r.t.Fatal(err)
		}
		defer func() { _ = c.Close() }() // nothing is buffered
		conns[n] = c
	}
	tick := time.NewTicker(4 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < talking; <-tick.C {
		for _, c := range conns {
			if _, err := c.Write([]byte("<6>Nov 23 09:00:00 " + spoken(len(sent)))); err != nil {
				r.t.Fatal(err)
			}
		}
		sent = append(sent, time.Now())
	}
	return sent
}

// stalls tells the longest time that the server took for an answer, or the disk for a small file, until stop is closed.
func (r *rack) stalls(stop <-chan struct{}) (longest time.Duration) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-stop:
			return longest
		case <-tick.C:
		}
		if res, err := http.Get(strings.Replace(r.api, "/api/v1/", "/livez", 1)); err == nil {
			_ = res.Body.Close() // only its time is asked
		}
		if f, err := os.Create(filepath.Join(r.dir, "probe")); err == nil {
			_, _ = f.WriteString("probe") // only its time is asked
			_ = f.Sync()
			_ = f.Close()
		}
		longest = max(longest, time.Since(last)-20*time.Millisecond)
		last = time.Now()
	}
}
