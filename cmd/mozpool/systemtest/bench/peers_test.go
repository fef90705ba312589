package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"mozpool/cmd/mozpool/demo"
)

const (
	envPeer    = "MOZPOOL_PEER" // in a child: which server it is
	peerBoards = 100
	peerConns  = 32
	peerRounds = 7
	roundTime  = 2 * time.Second
	mixedRate  = 1000 // requests a second, 80 % reads and 20 % durable orders
	mixedTime  = 5 * time.Second
)

// TestPeerChild is a server in a process of its own, so that its CPU time can be told from that of who asks. It ends with
// its standard input.
func TestPeerChild(t *testing.T) {
	what := os.Getenv(envPeer)
	if what == "" {
		t.Skip("started by TestAPIPeers")
	}
	switch what {
	case "ours":
		r, err := demo.NewRack(t.Context(), demo.Options{Boards: peerBoards, Speed: 1, BootsAtOnce: 1})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- r.Server.Run(ctx) }()
		fmt.Println("peer", strings.TrimPrefix(r.Server.APIURL(), "http://"))
		_, _ = io.Copy(io.Discard, os.Stdin) // until the parent lets go
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	case "bare":
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("peer", ln.Addr())
		go func() { _ = fasthttp.Serve(ln, func(c *fasthttp.RequestCtx) { c.SetBodyString("ok") }) }() // dies with the process
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
}

// peer is a server under load.
type peer struct {
	name string
	addr string
	pids func() []string
}

// child starts this test binary as a server.
func child(t *testing.T, what string) peer {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestPeerChild$", "-test.v")
	cmd.Env = append(os.Environ(), envPeer+"="+what)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // tells it to end
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), "peer "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the child
			return peer{what, addr, func() []string { return []string{fmt.Sprint(cmd.Process.Pid)} }}
		}
	}
	t.Fatalf("%s did not say where it listens", what)
	return peer{}
}

// nginx starts Debian's, answering 200 to everything.
func nginx(t *testing.T) peer {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("nginx is not here: apt-get install nginx")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0") // nginx cannot say which free port it took
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	_ = ln.Close() // for nginx to take
	dir := t.TempDir()
	conf := fmt.Sprintf("daemon off; pid %s/pid; error_log %s/error.log; worker_processes 2;\nevents { worker_connections 1024; }\n"+
		"http { access_log off; keepalive_requests 1000000000; client_body_temp_path %s/a; proxy_temp_path %s/b; fastcgi_temp_path %s/c; uwsgi_temp_path %s/d; scgi_temp_path %s/e;\n"+
		"server { listen %s; location / { return 200; } } }\n", dir, dir, dir, dir, dir, dir, dir, addr)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-c", file, "-p", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // nginx then ends its workers
		_ = cmd.Wait()
	})
	return peer{"nginx", addr, func() []string {
		pid := fmt.Sprint(cmd.Process.Pid)
		data, _ := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children") // none: its own time is all
		return append(strings.Fields(string(data)), pid)
	}}
}

// cpu is what the server's processes have used, in seconds.
func (p peer) cpu() float64 {
	ticks := 0
	for _, pid := range p.pids() {
		data, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			continue
		}
		fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
		var u, s int
		_, _ = fmt.Sscan(fields[11], &u)
		_, _ = fmt.Sscan(fields[12], &s)
		ticks += u + s
	}
	return float64(ticks) / 100
}

// reads asks as fast as it goes, and gives requests a second and CPU seconds for 1,000.
func (p peer) reads(t *testing.T, c *fasthttp.HostClient) (rate, cpu float64) {
	t.Helper()
	var n atomic.Int64
	end, used := time.Now().Add(roundTime), p.cpu()
	began := time.Now()
	var all sync.WaitGroup
	for i := range peerConns {
		all.Go(func() {
			for j := i; time.Now().Before(end); j++ {
				if err := ask(c, "GET", j); err != nil {
					t.Errorf("%s: %v", p.name, err)
					return
				}
				n.Add(1)
			}
		})
	}
	all.Wait()
	count := float64(n.Load())
	return count / time.Since(began).Seconds(), (p.cpu() - used) / count * 1000
}

// mixed asks at a steady rate and gives the p99 of the times from when a request was due to its answer.
func (p peer) mixed(t *testing.T, c *fasthttp.HostClient) time.Duration {
	t.Helper()
	total := int(mixedRate * mixedTime.Seconds())
	took := make([]time.Duration, total)
	begin := time.Now()
	var next atomic.Int64
	var all sync.WaitGroup
	for range 4 * peerConns {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < total; i = int(next.Add(1)) - 1 {
				due := begin.Add(time.Duration(i) * time.Second / mixedRate)
				time.Sleep(time.Until(due)) // the rate
				method := "GET"
				if i%5 == 0 {
					method = "POST"
				}
				if err := ask(c, method, i); err != nil {
					t.Errorf("%s: %v", p.name, err)
					return
				}
				took[i] = time.Since(due)
			}
		})
	}
	all.Wait()
	slices.Sort(took)
	return took[total*99/100]
}

// ask reads a board, or has it commented on, which is committed before it is answered.
func ask(c *fasthttp.HostClient, method string, i int) error {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	path := fmt.Sprintf("/api/v1/boards/board%d", i%peerBoards+1)
	if method == "POST" {
		path += "/comment"
		req.Header.SetContentType("application/json")
		req.SetBodyString(fmt.Sprintf(`{"comment":"seen %d"}`, i))
	}
	req.Header.SetMethod(method)
	req.SetRequestURI("http://" + c.Addr + path)
	if err := c.Do(req, res); err != nil {
		return err
	}
	if res.StatusCode()/100 != 2 {
		return fmt.Errorf("%s %s: %d %s", method, path, res.StatusCode(), res.Body())
	}
	return nil
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// TestAPIPeers compares the API with nginx that returns 200 and nothing, and with a bare fasthttp handler, in interleaved
// rounds; "make bench-peers" runs it. Ratios are of medians within the run, as the machine is shared.
func TestAPIPeers(t *testing.T) {
	if os.Getenv("MOZPOOL_BENCH_PEERS") == "" {
		t.Skip("a comparison of a minute: make bench-peers")
	}
	peers := []peer{nginx(t), child(t, "bare"), child(t, "ours")}
	clients, rates, cpus, p99 := map[string]*fasthttp.HostClient{}, map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	for _, p := range peers {
		clients[p.name] = &fasthttp.HostClient{Addr: p.addr, MaxConns: 8 * peerConns}
	}
	for range peerRounds {
		for _, p := range peers {
			rate, cpu := p.reads(t, clients[p.name])
			rates[p.name], cpus[p.name] = append(rates[p.name], rate), append(cpus[p.name], cpu)
		}
		for _, p := range peers[1:] {
			p99[p.name] = append(p99[p.name], p.mixed(t, clients[p.name]).Seconds()*1000)
		}
	}
	for _, p := range peers {
		t.Logf("%-6s %8.0f reads/s, %.1f CPU ms for 1,000", p.name, median(rates[p.name]), 1000*median(cpus[p.name]))
	}
	t.Logf("reads: %.2f x nginx, %.2f x bare fasthttp", median(rates["ours"])/median(rates["nginx"]), median(rates["ours"])/median(rates["bare"]))
	t.Logf("p99 at %d/s, 20 %% durable: ours %.2f ms, bare %.2f ms, %.1f x", mixedRate, median(p99["ours"]), median(p99["bare"]), median(p99["ours"])/median(p99["bare"]))
}
