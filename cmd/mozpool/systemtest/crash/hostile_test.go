package crash

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mozpool/netboot/boardsim"
)

const (
	idleConnections = 2000 // on each listener; the API's limit is lower, boards' is higher
	halfOpen        = 200
)

// TestNoise images a rack while strangers hold idle and half-open connections, flood syslog, throw random bytes at every
// port and guess tokens. No board may notice: each is imaged at its first boot, with one power cycle.
func TestNoise(t *testing.T) {
	r := newRack(t, 4)
	r.start()
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var thrown atomic.Int64
	for _, noise := range []func(context.Context, *atomic.Int64){r.idle, r.halfOpen, r.randomUDP, r.guessTokens, r.pathsThatAreNone} {
		wg.Go(func() { noise(ctx, &thrown) })
	}
	defer wg.Wait()
	defer stop()
	r.until("the noise has begun", func() bool { return thrown.Load() > 1000 })
	for i := range 4 {
		name := boardsim.NameOf(i + 1)
		r.until(name+" is asked for", func() bool { return r.wish(name, "image:v2", name) > 0 })
	}
	r.until("every board is ready", func() bool {
		all, ok := r.list()
		for _, b := range all {
			ok = ok && b.State == "ready" && b.Attempt == 1
		}
		return ok
	})
	for _, b := range r.boards.Boards {
		if n := b.Count(boardsim.PoweredOff); n != 1 {
			t.Errorf("%s lost its power %d times", b.Name(), n)
		}
	}
	t.Logf("%d pieces of noise", thrown.Load())
}

// idle holds connections on which nothing is ever said.
func (r *rack) idle(ctx context.Context, thrown *atomic.Int64) {
	for range idleConnections {
		conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", r.ports[1]), time.Second)
		if err != nil || ctx.Err() != nil {
			break // the server may turn strangers away
		}
		thrown.Add(1)
		context.AfterFunc(ctx, func() { _ = conn.Close() }) // nothing was said on it
	}
	<-ctx.Done()
}

// halfOpen begins requests that never end.
func (r *rack) halfOpen(ctx context.Context, thrown *atomic.Int64) {
	for i := range halfOpen {
		conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", r.ports[i%2]), time.Second)
		if err != nil || ctx.Err() != nil {
			break
		}
		_, _ = io.WriteString(conn, "GET /b/aaaa HTTP/1.1\r\nHost: x\r\nX-Long: ") // nor is its end missed
		thrown.Add(1)
		context.AfterFunc(ctx, func() { _ = conn.Close() })
	}
	<-ctx.Done()
}

// randomUDP throws random bytes, huge lines and broken requests at TFTP and syslog.
func (r *rack) randomUDP(ctx context.Context, thrown *atomic.Int64) {
	random := rand.New(rand.NewPCG(*seed, 1))
	for _, port := range []int{r.ports[2], r.ports[3]} {
		conn, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			r.t.Error(err)
			return
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() }) // nothing was buffered
		for range 5000 {
			packet := make([]byte, random.IntN(1500))
			for i := range packet {
				packet[i] = byte(random.Uint32())
			}
			if len(packet) > 4 && random.IntN(2) == 0 {
				copy(packet, []string{"\x00\x01", "\x00\x02", "<13>", "<999>", "\x00\x05"}[random.IntN(5)])
			}
			if _, err := conn.Write(packet); err != nil {
				break // what is not listening any more says so
			}
			thrown.Add(1)
		}
	}
}

// guessTokens reports every event for boots that are none.
func (r *rack) guessTokens(ctx context.Context, thrown *atomic.Int64) {
	for i := range 500 {
		for _, event := range []string{"writing", "rebooting", "failed", "nonsense"} {
			status := r.fetch(ctx, fmt.Sprintf("http://127.0.0.1:%d/b/%026d/event/%s", r.ports[1], i, event))
			if ctx.Err() == nil && status != http.StatusNotFound && status != 0 {
				r.t.Errorf("%s with a token that is none: %d", event, status)
			}
			thrown.Add(1)
		}
	}
}

// pathsThatAreNone asks for what must not be there.
func (r *rack) pathsThatAreNone(ctx context.Context, thrown *atomic.Int64) {
	for _, path := range []string{"/boot/../mozpool.yaml", "/boot/..%2fmozpool.yaml", "/boot//etc/passwd", "/boot/%2e%2e/%2e%2e/etc/passwd", "/api/v1/boards",
		"/api/device/board1/event/b2g_rebooting/", "/" + strings.Repeat("a", 9000), "/up?image=v2", "/b/"} {
		if status := r.fetch(ctx, fmt.Sprintf("http://127.0.0.1:%d%s", r.ports[1], path)); ctx.Err() == nil && status == http.StatusOK {
			r.t.Errorf("%.60s is answered to strangers", path)
		}
		thrown.Add(1)
	}
}

// fetch is the status of an answer, 0 for none.
func (r *rack) fetch(ctx context.Context, url string) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, res.Body) // for the connection to be used again
	_ = res.Body.Close()                 // was read
	return res.StatusCode
}

// TestSecondServer: a data folder serves one server at a time, and the second one says which folder.
func TestSecondServer(t *testing.T) {
	r := newRack(t, 1)
	r.start()
	out, err := r.again()
	if err == nil || !strings.Contains(out, "journal") || strings.Contains(out, "panic") {
		t.Errorf("a second server on the folder: %v\n%s", err, out)
	}
	if _, ok := r.list(); !ok {
		t.Error("the first server does not answer any more")
	}
}
