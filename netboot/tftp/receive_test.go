package tftp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	pin "github.com/pin/tftp/v3"
)

// kept takes one file and says how that ended.
type kept struct {
	bytes.Buffer
	most  int
	keep  error
	ended chan error // nil: kept
}

var errMemoryFull = &Error{Code: CodeFull, Text: "too much"}

func (m *kept) Write(p []byte) (int, error) {
	if m.most > 0 && m.Len()+len(p) > m.most {
		return 0, errMemoryFull
	}
	return m.Buffer.Write(p)
}

func (m *kept) Keep() error {
	m.ended <- m.keep
	return m.keep
}

func (m *kept) Drop(err error) { m.ended <- err }

func (m *kept) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-m.ended:
		return err
	case <-time.After(patient):
		t.Fatal("the transfer has not ended")
		return nil
	}
}

// newTaker starts a server that takes one kind of file: into m, whatever its name.
func newTaker(t *testing.T, m *kept) *rig {
	t.Helper()
	m.ended = make(chan error, 16)
	return newRig(t, func(c *Config, _ *Server) {
		c.Silence = 2 * time.Second
		c.Take = func(name string, size int64, _ netip.AddrPort) (Sink, error) {
			switch name {
			case "refused":
				return nil, &Error{Code: CodeAccess, Text: fmt.Sprintf("not %d bytes", size)}
			case "panics":
				panic("on purpose")
			}
			return m, nil
		}
	})
}

// writer is a client that writes by hand.
type writer struct {
	t    *testing.T
	conn *net.UDPConn
	to   netip.AddrPort
}

// ask sends a write request; the answer decides what comes next.
func ask(t *testing.T, r *rig, request string) *writer {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	w := &writer{t: t, conn: conn, to: r.addr}
	w.send("\x00\x02" + request)
	return w
}

func (w *writer) send(p string) {
	w.t.Helper()
	if _, err := w.conn.WriteToUDPAddrPort([]byte(p), w.to); err != nil {
		w.t.Fatal(err)
	}
}

func (w *writer) data(block uint16, data string) {
	w.t.Helper()
	w.send(string(binary.BigEndian.AppendUint16([]byte{0, opData}, block)) + data)
}

// wants waits for just this packet. The same acknowledgement once more is passed over.
func (w *writer) wants(packet string) {
	w.t.Helper()
	if err := w.conn.SetReadDeadline(time.Now().Add(patient)); err != nil {
		w.t.Fatal(err)
	}
	buf := make([]byte, 2048)
	n, from, err := w.conn.ReadFromUDPAddrPort(buf)
	if err != nil || !strings.HasPrefix(string(buf[:n]), packet) {
		w.t.Fatalf("got %q, %v; want %q", buf[:n], err, packet)
	}
	w.to = from
}

// nothing looks for one more packet, of a server that has stopped.
func (w *writer) nothing() {
	w.t.Helper()
	if err := w.conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		w.t.Fatal(err)
	}
	buf := make([]byte, 2048)
	if n, _, err := w.conn.ReadFromUDPAddrPort(buf); err == nil && buf[1] == opError {
		w.t.Errorf("it also says %q", buf[:n])
	}
}

func acked(block uint16) string {
	return string(binary.BigEndian.AppendUint16([]byte{0, opAck}, block))
}

var full = strings.Repeat("x", plainBlock)

// TestPinWrites writes with another's client, files whose last block is none, part of one, or empty.
func TestPinWrites(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 511, 512, 1408, 100_001} {
		for _, block := range []int{512, 1408} {
			m := &kept{}
			r := newTaker(t, m)
			want := noise(size)
			c, err := pin.NewClient(r.addr.String())
			if err != nil {
				t.Fatal(err)
			}
			c.SetBlockSize(block)
			c.RequestTSize(true)
			rf, err := c.Send("dump", "octet")
			if err != nil {
				t.Fatal(err)
			}
			if n, err := rf.ReadFrom(bytes.NewReader(want)); err != nil || n != int64(size) {
				t.Errorf("%d bytes in blocks of %d: %d, %v", size, block, n, err)
			}
			if err := m.wait(t); err != nil || !bytes.Equal(m.Bytes(), want) {
				t.Errorf("%d bytes in blocks of %d: %v, %d arrived", size, block, err, m.Len())
			}
		}
	}
}

// TestClientsWrite writes with the clients that this machine has.
func TestClientsWrite(t *testing.T) {
	t.Parallel()
	want := noise(300_001)
	for _, c := range []struct {
		name, program string
		args          func(port, file string) []string
	}{
		{"curl", "curl", func(port, file string) []string {
			return []string{"-sS", "-T", file, "tftp://127.0.0.1:" + port + "/dump"}
		}},
		{"busybox", "busybox", func(port, file string) []string {
			return []string{"tftp", "-b", "1408", "-p", "-l", file, "-r", "dump", "127.0.0.1", port}
		}},
		{"tftp-hpa", "tftp", func(port, file string) []string {
			return []string{"-m", "binary", "127.0.0.1", port, "-c", "put", file, "dump"}
		}},
		{"atftp", "atftp", func(port, file string) []string {
			return []string{"--option", "blksize 1408", "--put", "-l", file, "-r", "dump", "127.0.0.1", port}
		}},
		{"atftp, windows", "atftp", func(port, file string) []string {
			return []string{"--option", "windowsize 8", "--put", "-l", file, "-r", "dump", "127.0.0.1", port}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			program, err := exec.LookPath(c.program)
			if err != nil {
				t.Skipf("%s is not on this machine", c.program)
			}
			m := &kept{}
			r := newTaker(t, m)
			file := filepath.Join(t.TempDir(), "dump")
			if err := os.WriteFile(file, want, 0o600); err != nil {
				t.Fatal(err)
			}
			text, err := exec.CommandContext(t.Context(), program, c.args(fmt.Sprint(r.addr.Port()), file)...).CombinedOutput()
			if bytes.Contains(text, []byte("applet not found")) {
				t.Skipf("%s has no TFTP", c.program)
			}
			if err != nil {
				t.Fatalf("%v: it says %q", err, text)
			}
			if err := m.wait(t); err != nil || !bytes.Equal(m.Bytes(), want) {
				t.Errorf("%v: %d bytes of %d; it says %q", err, m.Len(), len(want), text)
			}
		})
	}
}

// TestWriteRefused: by the server that takes nothing, by the taker, and where the taker breaks.
func TestWriteRefused(t *testing.T) {
	t.Parallel()
	ask(t, newRig(t, nil), "dump\x00octet\x00").wants("\x00\x05\x00\x02nothing is written here")
	r := newTaker(t, &kept{})
	ask(t, r, "refused\x00octet\x00tsize\x007\x00").wants("\x00\x05\x00\x02not 7 bytes")
	ask(t, r, "refused\x00octet\x00").wants("\x00\x05\x00\x02not -1 bytes")
	ask(t, r, "panics\x00octet\x00").wants("\x00\x05\x00\x00the server made a mistake")
	ask(t, r, "dump\x00netascii\x00").wants("\x00\x05\x00\x04")
}

// TestWriteOptions: each is answered as it was asked for, and the file's size is the client's own.
func TestWriteOptions(t *testing.T) {
	t.Parallel()
	m := &kept{}
	w := ask(t, newTaker(t, m), "dump\x00octet\x00TSize\x0020\x00blksize\x0010\x00windowsize\x002\x00timeout\x003\x00")
	w.wants("\x00\x06TSize\x0020\x00blksize\x0010\x00windowsize\x002\x00timeout\x003\x00")
	w.data(1, "0123456789")
	w.data(2, "0123456789")
	w.wants(acked(2))
	w.data(3, "")
	w.wants(acked(3))
	if err := m.wait(t); err != nil || m.Len() != 20 {
		t.Errorf("%d bytes, %v", m.Len(), err)
	}
}

// TestWriteLossAndRepetition: a block that comes twice is written once, one that is lost is asked for once a window, and
// the end is said again.
func TestWriteLossAndRepetition(t *testing.T) {
	t.Parallel()
	m := &kept{}
	w := ask(t, newTaker(t, m), "dump\x00octet\x00blksize\x0010\x00windowsize\x004\x00")
	w.wants("\x00\x06blksize\x0010\x00windowsize\x004\x00")
	w.data(1, "aaaaaaaaaa")
	w.data(3, "cccccccccc")
	w.wants(acked(1))
	w.data(4, "dddddddddd") // of the same window: no second answer
	w.data(2, "bbbbbbbbbb")
	w.data(2, "bbbbbbbbbb")
	w.data(3, "cccccccccc")
	w.data(4, "dddddddddd")
	w.data(5, "eeeeeeeeee")
	w.wants(acked(5))
	w.data(5, "eeeeeeeeee")
	w.wants(acked(5))
	w.data(6, "end")
	w.wants(acked(6))
	w.data(6, "end")
	w.wants(acked(6))
	if err := m.wait(t); err != nil || m.String() != "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeend" {
		t.Errorf("%q, %v", &m.Buffer, err)
	}
}

// TestWriteAnswersRepetition: a client that missed an acknowledgement need not wait until we are silent long enough.
func TestWriteAnswersRepetition(t *testing.T) {
	t.Parallel()
	w := ask(t, newTaker(t, &kept{}), "dump\x00octet\x00timeout\x00100\x00") // nothing is sent again by itself for 100 s
	w.wants("\x00\x06timeout")
	for range 3 {
		w.data(1, full)
		w.wants(acked(1))
	}
	w.send("\x00\x05\x00\x00enough\x00")
}

// TestWriteSaysItAgain: an acknowledgement that was lost is sent again; a client that is gone ends in a drop.
func TestWriteSaysItAgain(t *testing.T) {
	t.Parallel()
	m := &kept{}
	w := ask(t, newTaker(t, m), "dump\x00octet\x00")
	w.wants(acked(0))
	w.wants(acked(0))
	w.data(1, full)
	w.wants(acked(1))
	w.wants(acked(1))
	if err := m.wait(t); !errors.Is(err, errSilent) || m.Len() != plainBlock {
		t.Errorf("%v with %d bytes", err, m.Len())
	}
}

// TestWriteEnds: what the sink refuses, what the client breaks off, and what is no TFTP any more.
func TestWriteEnds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		m           kept
		last        func(w *writer)
		client, why string
	}{
		"too much":         {kept{most: 600}, func(w *writer) { w.data(2, full) }, "\x00\x05\x00\x03too much", "too much"},
		"a disk that died": {kept{keep: errors.New("disk died")}, func(w *writer) { w.data(2, "end") }, "\x00\x05\x00\x00the file cannot be written", "disk died"},
		"the client":       {kept{}, func(w *writer) { w.send("\x00\x05\x00\x00no more\x00") }, "", "no more"},
		"a giant":          {kept{}, func(w *writer) { w.data(2, full+"y") }, "\x00\x05\x00\x04a block is longer", "longer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &tc.m
			r := newTaker(t, m)
			w := ask(t, r, "dump\x00octet\x00")
			w.wants(acked(0))
			w.data(1, full)
			w.wants(acked(1))
			tc.last(w)
			if tc.client != "" {
				w.wants(tc.client)
			}
			if err := m.wait(t); err == nil || !strings.Contains(err.Error(), tc.why) {
				t.Errorf("ended with %v", err)
			}
			if err := r.stop(); err != nil || len(m.ended) > 0 {
				t.Errorf("ended twice (%v)", err)
			}
			w.nothing()
		})
	}
}

// TestWriteStopAfterTheEnd: a file that is kept stays kept, whatever ends the wait for a repetition.
func TestWriteStopAfterTheEnd(t *testing.T) {
	t.Parallel()
	m := &kept{}
	r := newTaker(t, m)
	w := ask(t, r, "dump\x00octet\x00")
	w.wants(acked(0))
	w.data(1, "all")
	w.wants(acked(1))
	if err := m.wait(t); err != nil {
		t.Error(err)
	}
	if err := r.stop(); err != nil || len(m.ended) > 0 {
		t.Errorf("ended twice (%v)", err)
	}
	w.nothing()
}

// TestWriteOfStrangers: packets of another port are told so and write nothing; a stop ends a transfer.
func TestWriteOfStrangers(t *testing.T) {
	t.Parallel()
	m := &kept{}
	r := newTaker(t, m)
	w := ask(t, r, "dump\x00octet\x00")
	w.wants(acked(0))
	other := ask(t, r, "refused\x00octet\x00")
	other.wants("\x00\x05")
	other.to = w.to
	other.data(1, "foreign")
	other.wants("\x00\x05\x00\x05")
	w.data(1, full)
	w.wants(acked(1))
	stopped := make(chan error, 1)
	go func() { stopped <- r.stop() }()
	w.wants("\x00\x05\x00\x00the server is stopping")
	if err := m.wait(t); !errors.Is(err, errStopping) || m.String() != full {
		t.Errorf("ended with %v and %d bytes", err, m.Len())
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
