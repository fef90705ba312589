package netboot

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mozpool/actors"
	"mozpool/netboot/images"
)

// serveFolder names the variable that makes the test binary a rack's server of that folder, so that its CPU time is counted
// apart from that of the clients.
const serveFolder = "MOZPOOL_HTTP_FOLDER"

// TestMain looks for goroutines that are left over. The engine's cleaner of idle workers sees only after its next sleep,
// 10 s, that its server has ended; its clock for the Date header lives as long as the process.
func TestMain(m *testing.M) {
	if folder := os.Getenv(serveFolder); folder != "" {
		if err := serveAlone(folder); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"))
}

// serveAlone serves boot/ of a folder until it is interrupted.
func serveAlone(folder string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	catalogue := &images.Published{}
	c, problems := images.Load(images.Options{Path: filepath.Join(folder, "images.yaml"), Files: folder, Store: filepath.Join(folder, "store")})
	if err := problems.Err(); err != nil {
		return err
	}
	catalogue.Set(c)
	f := &fakeFleet{view: &actors.View{}, changed: make(chan struct{}, 1)}
	s, err := Listen(Config{Rack: "r1", Listen: loopback, Files: folder, Boards: f, Catalogue: catalogue, Logs: &fakeLogs{added: make(chan struct{}, 1<<20)}})
	if err != nil {
		return err
	}
	fmt.Println(s.Addrs().HTTP)
	return s.Run(ctx)
}

// webServer is a server of files as a process of its own.
type webServer struct {
	cmd *exec.Cmd
	url string // of the folder boot
}

// stop ends it, and gives the CPU time that it and its children used.
func (w *webServer) stop(t *testing.T) time.Duration {
	t.Helper()
	if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	_ = w.cmd.Wait() // some end with an error when they are told to end
	return w.cmd.ProcessState.SystemTime() + w.cmd.ProcessState.UserTime()
}

func startSelf(t *testing.T, dir string) *webServer {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveFolder+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, err2 := netip.ParseAddrPort(strings.TrimSpace(line))
	if err := errors.Join(err, err2); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return &webServer{cmd, fmt.Sprintf("http://%s/boot/", addr)}
}

// nginx as Debian sets it up, but for the log of accesses, which ours has not for files of boot/ either.
const nginxConf = `daemon off; worker_processes auto; pid %[1]s/nginx.pid; error_log stderr; user root;
events { worker_connections 4096; }
http { sendfile on; tcp_nopush on; access_log off; client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
 server { listen %[2]s; root %[3]s; } }
`

func startNginx(t *testing.T, program, dir string) *webServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at, own := l.Addr().String(), t.TempDir()
	conf := filepath.Join(own, "nginx.conf")
	if err := errors.Join(l.Close(), os.WriteFile(conf, fmt.Appendf(nil, nginxConf, own, at, dir), 0o600)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", conf, "-p", own)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		conn, err := net.Dial("tcp", at)
		if err == nil {
			_ = conn.Close() // nothing was asked
			return &webServer{cmd, "http://" + at + "/boot/"}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("nginx does not answer")
	return nil
}

// webScene is a load that both servers are put under in turn.
type webScene struct {
	name    string
	clients int
	times   int // that each reads the file
	size    int // bytes of the file
}

var webScenes = []webScene{
	{"one client", 1, 16, 128 << 20},
	{"20 clients", 20, 1, 128 << 20},
	{"200 clients", 200, 4, 4 << 20},
}

// webFigures are what one round of one server showed.
type webFigures struct {
	rate, cpu    float64 // MiB/s; s/GiB of the server
	slowest      float64 // the last client's time over the median's
	small, alone float64 // s, 99th percentile of a small file, during the storm and without one
}

// TestPeers compares boot files over HTTP with nginx, in interleaved rounds; "make bench-peers" runs it.
func TestPeers(t *testing.T) {
	if os.Getenv("MOZPOOL_BENCH_PEERS") == "" {
		t.Skip("a comparison of minutes: make bench-peers")
	}
	program, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("nginx is not on this machine")
	}
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(dir, 0o755), os.MkdirAll(filepath.Join(dir, "boot"), 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, s := range webScenes {
		t.Run(s.name, func(t *testing.T) { s.play(t, program, dir) })
	}
}

func (s webScene) play(t *testing.T, program, dir string) {
	data := make([]byte, s.size)
	noise := rand.NewChaCha8([32]byte{1})
	_, _ = noise.Read(data) // never fails
	for name, content := range map[string][]byte{"small": []byte("small"), "file": data} {
		if err := os.WriteFile(filepath.Join(dir, "boot", name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string][]webFigures{}
	for range 5 {
		for name, start := range map[string]func() *webServer{
			"mozpool": func() *webServer { return startSelf(t, dir) },
			"nginx":   func() *webServer { return startNginx(t, program, dir) },
		} {
			all[name] = append(all[name], s.round(t, start(), data))
		}
	}
	s.report(t, all)
}

// round reads from a server with all clients at once, and asks for a small file all the while.
func (s webScene) round(t *testing.T, w *webServer, data []byte) (f webFigures) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: s.clients + 1}}
	defer client.CloseIdleConnections()
	f.alone = s.smallFile(t, client, w.url, nil)
	took, errs, over := make([]time.Duration, s.clients), make([]error, s.clients), make(chan struct{})
	began := time.Now()
	var clients sync.WaitGroup
	for i := range s.clients {
		clients.Go(func() {
			for range s.times {
				errs[i] = errors.Join(errs[i], read(client, w.url+"file", data))
			}
			took[i] = time.Since(began)
		})
	}
	go func() {
		clients.Wait()
		close(over)
	}()
	f.small = s.smallFile(t, client, w.url, over)
	<-over
	wall := time.Since(began)
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	bytes := float64(s.clients) * float64(s.times) * float64(s.size)
	f.cpu = w.stop(t).Seconds() / (bytes / (1 << 30))
	f.rate = bytes / (1 << 20) / wall.Seconds()
	slices.Sort(took)
	f.slowest = took[len(took)-1].Seconds() / took[len(took)/2].Seconds()
	return f
}

// smallFile is the 99th percentile of how long a small file takes, until over is closed, or of 200.
func (s webScene) smallFile(t *testing.T, client *http.Client, url string, over chan struct{}) float64 {
	t.Helper()
	var took []time.Duration
	for n := 0; over != nil || n < 200; n++ {
		select {
		case <-over:
			slices.Sort(took)
			return took[(len(took)*99-1)/100].Seconds()
		default:
		}
		began := time.Now()
		if err := read(client, url+"small", []byte("small")); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(began))
		time.Sleep(5 * time.Millisecond) // it must not be a load itself
	}
	slices.Sort(took)
	return took[(len(took)*99-1)/100].Seconds()
}

// read compares a file with what it should be.
func read(client *http.Client, url string, want []byte) error {
	res, err := client.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	buf, at := make([]byte, 256<<10), 0
	for {
		n, err := res.Body.Read(buf)
		if at+n > len(want) || !bytes.Equal(buf[:n], want[at:at+n]) {
			return fmt.Errorf("%s: wrong bytes from %d on", url, at)
		}
		at += n
		switch {
		case errors.Is(err, io.EOF) && at == len(want):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %d of %d bytes: %w", url, at, len(want), err)
		}
	}
}

func (s webScene) report(t *testing.T, all map[string][]webFigures) {
	t.Helper()
	median := func(v []float64) float64 {
		slices.Sort(v)
		return v[len(v)/2]
	}
	of := func(name string, of func(webFigures) float64) float64 {
		var v []float64
		for _, f := range all[name] {
			v = append(v, of(f))
		}
		return median(v)
	}
	ratio := func(of func(webFigures) float64) float64 {
		var v []float64
		for i, f := range all["mozpool"] {
			v = append(v, of(f)/of(all["nginx"][i]))
		}
		return median(v)
	}
	rate, cpu := func(f webFigures) float64 { return f.rate }, func(f webFigures) float64 { return f.cpu }
	for _, name := range []string{"mozpool", "nginx"} {
		t.Logf("%-8s %6.0f MiB/s %6.3f CPU s/GiB, slowest client %.2f of the median, small file p99 %.1f ms (alone %.1f)", name, of(name, rate), of(name, cpu),
			of(name, func(f webFigures) float64 { return f.slowest }), 1000*of(name, func(f webFigures) float64 { return f.small }), 1000*of(name, func(f webFigures) float64 { return f.alone }))
	}
	t.Logf("mozpool/nginx: rate %.2f, CPU %.2f", ratio(rate), ratio(cpu))
}
