package cluster

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mozpool/cmd/mozpool/demo/several"
	"mozpool/cmd/mozpool/systemtest/wire"
	v1 "mozpool/httpapi/v1"
)

const (
	takeOvers = 20
	asked     = 200         // questions of each kind
	idle      = time.Minute // for what a cluster at rest costs
)

// What a cluster costs, and how long people notice its faults; nothing here fails but false take-overs. The numbers in
// cluster/DESIGN.md are from here.
func TestMeasure(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("MOZPOOL_MEASURE"))
	if err != nil {
		t.Skip("takes ten minutes and a quiet machine: set MOZPOOL_MEASURE=10m, for how long it is loaded (make bench-cluster)")
	}
	if !wire.Inside(t) {
		return
	}
	w := newWired(t, several.Options{})
	w.measureTakeOvers()
	w.settled()
	w.measureIdle()
	w.measureReads()
	w.measureDrain()
	w.measureLoad(length)
}

// spread is the median and the worst of some times.
func spread(all []time.Duration) string {
	slices.Sort(all)
	return fmt.Sprintf("median %v, worst %v of %d", all[len(all)/2].Round(10*time.Microsecond), all[len(all)-1].Round(10*time.Microsecond), len(all))
}

func (w *wired) timed(do func() error) time.Duration {
	w.t.Helper()
	began := time.Now()
	w.must(do())
	return time.Since(began)
}

// settled waits until each rack is with the server that it prefers.
func (w *wired) settled() {
	w.t.Helper()
	w.until("racks to be with whom they prefer", func() bool {
		for i, r := range w.Racks {
			if w.Holder(r.Name) != w.Servers[i] {
				return false
			}
		}
		return true
	})
}

// measureIdle: CPU time and bytes between servers, while nobody asks and boards rest. What looks at the cluster for the
// test looks on, twenty times a second at each server.
func (w *wired) measureIdle() {
	bytes := func() (sum uint64) {
		for from := 1; from <= servers; from++ {
			for to := 1; to <= servers; to++ {
				if from != to {
					sum += w.net.Bytes(from, to)
				}
			}
		}
		return sum
	}
	cpu, sent := w.cpu(), bytes()
	<-time.After(idle)
	w.t.Logf("idle: %.1f %% of a CPU a server, %.1f kB/s a server", 100*(w.cpu()-cpu).Seconds()/idle.Seconds()/servers,
		float64(bytes()-sent)/1000/idle.Seconds()/servers)
}

// cpu is what all servers used, in hundredths of a second as the kernel counts.
func (w *wired) cpu() (sum time.Duration) {
	for _, p := range w.Servers {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
		w.must(err)
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')'):]))
		for _, field := range fields[12:14] { // user and system
			ticks, err := strconv.Atoi(field)
			w.must(err)
			sum += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return sum
}

// measureReads: a look at a board, something stored with it, and a look at what was just stored, through the rack's holder
// and through another server, whose copy must have heard of that.
func (w *wired) measureReads() {
	name := w.Racks[0].Names()[0]
	for who, p := range map[string]*several.Process{"the holder": w.Servers[0], "another": w.Servers[1]} {
		var reads, orders, after []time.Duration
		look := func() error { _, err := p.Client().Board(w.ctx, name); return err }
		for range asked {
			reads = append(reads, w.timed(look))
		}
		for i := range asked {
			orders = append(orders, w.timed(func() error { _, err := p.Client().Comment(w.ctx, name, fmt.Sprint("comment ", i)); return err }))
			after = append(after, w.timed(look))
		}
		w.t.Logf("through %s: read %s; stored %s; that read %s", who, spread(reads), spread(orders), spread(after))
	}
}

// measureDrain: the longest that something asked of a rack's board waits while its server is drained, asked without a
// pause at another server.
func (w *wired) measureDrain() {
	var worst []time.Duration
	for range 5 {
		w.settled()
		drained := make(chan error, 1)
		go func() { _, err := w.Servers[2].Client().Drain(w.ctx, w.Servers[0].Name); drained <- err }()
		longest := time.Duration(0)
		for w.Holder("r1") == w.Servers[0] {
			longest = max(longest, w.stored(w.Servers[1], w.Racks[0].Names()[0]))
		}
		w.must(<-drained)
		worst = append(worst, max(longest, w.stored(w.Servers[1], w.Racks[0].Names()[0])))
		_, err := w.Servers[2].Client().Undrain(w.ctx, w.Servers[0].Name)
		w.must(err)
	}
	w.t.Logf("drain: longest wait %s", spread(worst))
}

// stored is how long it takes until a server has stored something that is asked of a board.
func (w *wired) stored(at *several.Process, name string) time.Duration {
	began := time.Now()
	w.until("something to be stored", func() bool {
		ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
		defer cancel()
		_, err := at.Client().Comment(ctx, name, time.Now().String())
		return err == nil
	})
	return time.Since(began)
}

// measureTakeOvers: from kill -9 of a rack's holder, leader or not, until another server has stored what was asked of a
// board of it.
func (w *wired) measureTakeOvers() {
	var all []time.Duration
	for range takeOvers {
		dead := w.holder("r1")
		other := w.Servers[w.end(dead)%servers]
		w.must(dead.Kill())
		all = append(all, w.stored(other, w.Racks[0].Names()[0]))
		w.back(dead)
	}
	w.t.Logf("take-over: %s", spread(all))
}

// measureLoad: no rack changes hands while all CPUs are busy.
func (w *wired) measureLoad(length time.Duration) {
	w.settled()
	before := w.epochs()
	var busy sync.WaitGroup
	end := time.Now().Add(length)
	for range 2 * runtime.NumCPU() {
		busy.Go(func() {
			for time.Now().Before(end) {
				_ = strings.Repeat("busy", 1000) // it keeps a CPU busy, and memory
			}
		})
	}
	busy.Wait()
	if after := w.epochs(); after != before {
		w.t.Errorf("racks changed hands under load: %s, then %s", before, after)
	}
	w.t.Logf("loaded for %v: no take-over", length)
}

// epochs are those of all racks, each of which is held.
func (w *wired) epochs() string {
	var all v1.Cluster
	w.until("the racks' epochs", func() (ok bool) {
		var err error
		all, err = w.Status(w.ctx)
		return err == nil && !slices.ContainsFunc(all.Racks, func(r v1.ClusterRack) bool { return !r.Live })
	})
	text := ""
	for _, r := range all.Racks {
		text += fmt.Sprintf("%s=%s:%d ", r.Name, r.Holder, r.Epoch)
	}
	return text
}
