package hostile

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	soakBoards  = 14 // all that hang on one relay board
	soakAnHour  = 18 // images for each board, in any hour: the server cycles none more than 20 times
	soakSample  = 250 * time.Millisecond
	soakBuckets = 15
	mib         = 1 << 20
)

// TestSoak images boards over and over for MOZPOOL_SOAK, while clients come and go, hang up in the middle, guess and
// flood, and files are read again. Whatever the server holds must then be what it held after a third of that time.
func TestSoak(t *testing.T) {
	long, err := time.ParseDuration(os.Getenv("MOZPOOL_SOAK"))
	if err != nil || long < 30*time.Second {
		t.Skip("for as long as MOZPOOL_SOAK says, 30s at least; see: make soak")
	}
	r := newRack(t, soakBoards, "127.120.0.0")
	r.start()
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for _, do := range []func(context.Context){r.forgetfulFollowers, r.passers, r.chatter} {
		clients.Go(func() {
			for ctx.Err() == nil {
				do(ctx)
			}
		})
	}
	s := r.soak(long)
	stop()
	clients.Wait()
	r.allReady()
	s.judge(t)
}

// soak asks for images, each board in its turn, and samples until the time is over.
func (r *rack) soak(long time.Duration) *soaked {
	r.t.Helper()
	s := newSoaked(long / soakBuckets)
	began := time.Now()
	every := min(long, time.Hour) / soakAnHour
	turn := make(map[string]time.Duration) // of the next image
	tick := time.NewTicker(soakSample)
	defer tick.Stop()
	for n := 0; time.Since(began) < long; n++ {
		<-tick.C
		for _, b := range r.all() {
			failed := strings.HasPrefix(b.State, "failed")
			if now := time.Since(began); b.Name != byHand && (b.State == "ready" || b.State == "new" || failed) && now >= turn[b.Name] {
				r.image(b.Name)
				turn[b.Name] = now + every
				s.attempts++
				if failed {
					s.failed++
				}
			}
		}
		r.commit()
		if n%40 == 0 {
			if a := r.edit("place: x"+strconv.Itoa(n/40), "place: x"+strconv.Itoa(n/40+1)); a.status >= 300 {
				r.t.Errorf("reload: %+v", a)
			}
		}
		r.sample(s, time.Since(began))
	}
	return s
}

// all are the boards as the API lists them.
func (r *rack) all() []boardState {
	r.t.Helper()
	var page struct{ Boards []boardState }
	if a := r.get("/api/v1/boards"); json.Unmarshal([]byte(a.body), &page) != nil {
		r.t.Fatalf("the boards are not listed: %+v", a)
	}
	return page.Boards
}

// commit has the server store two changes of a board that needs no power for them.
func (r *rack) commit() {
	r.t.Helper()
	for _, verb := range []string{"lock", "unlock"} {
		if a := r.do("POST", r.api("/api/v1/boards/"+byHand+"/"+verb), ""); a.status >= 300 {
			r.t.Errorf("%s: %+v", verb, a)
		}
	}
}

// soaked is what came of a soak.
type soaked struct {
	attempts, failed                           int
	heap, resident, goroutines, files, journal growth
	logs                                       growth
}

// newSoaked says what may grow by how much: the swings of the collector, of the store, and of what passers-by hold open at
// the moment (two goroutines a connection), which no longer run makes larger.
func newSoaked(bucket time.Duration) *soaked {
	g := func(name string, unit, slack float64) growth {
		return growth{name: name, unit: unit, slack: slack * unit, bucket: bucket}
	}
	return &soaked{heap: g("heap MiB", mib, 12), resident: g("memory MiB", mib, 64), goroutines: g("goroutines", 1, 150), files: g("open files", 1, 60),
		journal: g("journal MiB", mib, 64), logs: g("logs MiB", mib, 64)}
}

func (s *soaked) all() []*growth {
	return []*growth{&s.heap, &s.resident, &s.goroutines, &s.files, &s.journal, &s.logs}
}

func (s *soaked) judge(t *testing.T) {
	t.Helper()
	t.Logf("%d attempts, %d times a board had failed", s.attempts, s.failed)
	if s.attempts < 2*soakBoards {
		t.Errorf("only %d attempts in all: nothing was soaked", s.attempts)
	}
	for _, g := range s.all() {
		t.Log(g)
		if g.grown() > g.slack {
			t.Errorf("%s grows", g.name)
		}
	}
}

// sample asks the server for its own numbers, and the disk.
func (r *rack) sample(s *soaked, at time.Duration) {
	r.t.Helper()
	page := r.get("/metrics").body
	for name, g := range map[string]*growth{"go_memstats_heap_alloc_bytes": &s.heap, "process_resident_memory_bytes": &s.resident,
		"go_goroutines": &s.goroutines, "process_open_fds": &s.files} {
		value, ok := metric(page, name)
		if !ok {
			r.t.Fatalf("/metrics has no %s", name)
		}
		g.add(at, value)
	}
	s.journal.add(at, onDisk(filepath.Join(r.dir, "data", "journal")))
	s.logs.add(at, onDisk(filepath.Join(r.dir, "data", "logs")))
}

func metric(page, name string) (float64, bool) {
	lines := bufio.NewScanner(strings.NewReader(page))
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			value, err := strconv.ParseFloat(text, 64)
			return value, err == nil
		}
	}
	return 0, false
}

// onDisk is what a folder takes of the disk, in bytes; files with holes count for what they really have.
func onDisk(dir string) (bytes float64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error { // files come and go meanwhile
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil {
			if st, ok := info.Sys().(*syscall.Stat_t); ok {
				bytes += float64(st.Blocks * 512)
			}
		}
		return nil
	})
	return bytes
}

// forgetfulFollowers follow a log and all events, and go away without a word.
func (r *rack) forgetfulFollowers(ctx context.Context) {
	for _, path := range []string{"/api/v1/boards/board1/log?follow=1", "/api/v1/events", "/api/v1/boards/board2/log?follow=1&all=1"} {
		ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.api(path), nil)
		if err == nil {
			if res, err := client.Do(req); err == nil {
				_, _ = io.Copy(io.Discard, res.Body) // ends by the time
				_ = res.Body.Close()
			}
		}
		cancel()
	}
}

// passers open connections for nothing, half a request, a token that is none, a MAC address that is nobody's.
func (r *rack) passers(ctx context.Context) {
	var open []net.Conn
	for i := range 40 {
		for _, port := range []int{r.ports.http, r.ports.api} {
			if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
				_, _ = io.WriteString(c, "GET /b/AAAAAAAAAAAAAAAAAAAAAAAAAA/config HTTP/1.1\r\n"[:i])
				open = append(open, c)
			}
		}
		r.throw(r.ports.tftp, fmt.Appendf(nil, "\x00\x01pxelinux.cfg/01-02-bb-00-00-%02x-%02x\x00octet\x00", time.Now().UnixNano()>>20&255, i))
	}
	pause(ctx, time.Second)
	for _, c := range open {
		_ = c.Close() // nothing was said on it
	}
}

// chatter is what boards' kernels say, and noise beside it.
func (r *rack) chatter(ctx context.Context) {
	for i := range 50 {
		r.throw(r.ports.syslog, fmt.Appendf(nil, "<13>kernel: [%5d] eth0: link is up", i))
	}
	r.rackGet("/b/AAAAAAAAAAAAAAAAAAAAAAAAAA/event/writing")
	pause(ctx, time.Second)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
