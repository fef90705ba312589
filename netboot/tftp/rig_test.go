package tftp

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var loopback = netip.MustParseAddr("127.0.0.1")

const patient = 60 * time.Second // for what is waited for on a busy machine

// ending is how a transfer ended.
type ending struct {
	name string
	sent int64
	err  error
}

// rig is a server over a folder.
type rig struct {
	server *Server
	addr   netip.AddrPort
	dir    string
	ended  chan ending
	stop   func() error // stops the server and gives what Serve returned
}

// newRig starts a server of a folder, on loopback unless at is valid.
func newRig(t testing.TB, change func(*Config, *Server), at ...netip.Addr) *rig {
	t.Helper()
	r := &rig{dir: t.TempDir(), ended: make(chan ending, 4096)}
	cfg := Config{Open: r.open}
	var plain Server
	if change != nil {
		change(&cfg, &plain)
	}
	r.server = New(cfg)
	r.server.plain, r.server.least, r.server.files.populate = plain.plain, plain.least, plain.files.populate
	a := loopback
	if len(at) > 0 {
		a = at[0]
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
	if err != nil {
		t.Skipf("this machine cannot listen on %s: %v", a, err)
	}
	r.addr = conn.LocalAddr().(*net.UDPAddr).AddrPort()
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- r.server.Serve(ctx, conn) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-result
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *rig) open(name string, _ netip.AddrPort) (*File, error) {
	if filepath.Base(name) != name {
		return nil, &Error{Code: CodeNotFound, Text: "no such file"}
	}
	f, err := os.Open(filepath.Join(r.dir, name))
	if err != nil {
		return nil, &Error{Code: CodeNotFound, Text: "no such file"}
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return &File{Content: f, Size: info.Size(), Done: func(o Outcome) { r.ended <- ending{name, o.Sent, o.Err} }}, nil
}

// put writes a file.
func (r *rig) put(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// wait gives the end of the next transfer that ends.
func (r *rig) wait(t *testing.T) ending {
	t.Helper()
	select {
	case e := <-r.ended:
		return e
	case <-time.After(patient):
		t.Fatal("no transfer has ended")
	}
	return ending{}
}

// noise is content in which no two blocks are alike.
func noise(n int) []byte {
	out := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)}).Read(out) // cannot fail
	return out
}

// check reads a file and compares every byte.
func (r *rig) check(t *testing.T, c client, name string, want []byte) {
	t.Helper()
	if !c.server.IsValid() {
		c.server = r.addr
	}
	var got bytes.Buffer
	if err := c.fetch(name, &got); err != nil {
		t.Errorf("%s with %+v: %v after %d bytes", name, c.agreed, err, got.Len())
		return
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s with %v: %d bytes that differ from the file's %d", name, c.agreed, got.Len(), len(want))
	}
}

func TestMain(m *testing.M) {
	if peer := os.Getenv(serveFolder); peer != "" {
		os.Exit(serveAlone(peer))
	}
	goleak.VerifyTestMain(m)
}
