package boardsim

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// engine is a TFTP server that plays one file as a test wants it.
type engine struct {
	t       *testing.T
	conn    *net.UDPConn
	content []byte
	block   int
	oack    []byte // answered to the request; nil: no options, the first block at once
	drop    func(packet []byte, times int) bool
	before  func(to netip.AddrPort) // called before each packet that is sent

	sent map[string]int
}

// serve answers until the socket closes. It repeats nothing by itself: what is lost, the board has to ask for again.
func (e *engine) serve() {
	e.sent = map[string]int{}
	buf := make([]byte, 2048)
	for {
		n, from, err := e.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		answer := e.answer(buf[:n])
		if answer == nil {
			continue
		}
		e.sent[string(answer)]++
		if e.drop != nil && e.drop(answer, e.sent[string(answer)]) {
			continue
		}
		if e.before != nil {
			e.before(from)
		}
		_, _ = e.conn.WriteToUDPAddrPort(answer, from) // the board may have gone
	}
}

func (e *engine) answer(p []byte) []byte {
	switch op := binary.BigEndian.Uint16(p); {
	case op == opRRQ && e.oack != nil:
		return slices.Concat([]byte{0, opOACK}, e.oack)
	case op == opRRQ:
		return e.data(1)
	case op == opACK:
		return e.data(e.next(binary.BigEndian.Uint16(p[2:])))
	}
	return nil
}

// next is the block after the one with this number on the wire; blocks are acknowledged in order, so it is near the
// last one sent.
func (e *engine) next(acked uint16) int {
	last := len(e.sent) // distinct packets; with an OACK one more than blocks
	if e.oack != nil {
		last--
	}
	return last - int(uint16(last)-acked) + 1
}

func (e *engine) data(n int) []byte {
	at := (n - 1) * e.block
	if at > len(e.content) {
		return nil // the last block was acknowledged
	}
	head := binary.BigEndian.AppendUint16([]byte{0, opDATA}, uint16(n))
	return append(head, e.content[at:min(at+e.block, len(e.content))]...)
}

// readFrom lets a board read from an engine.
func readFrom(t *testing.T, e *engine) ([]byte, error) {
	t.Helper()
	e.t, e.conn = t, listenUDP(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.serve()
	}()
	b := newBoard(t, newServer(t), func(c *Config) { c.TFTP = e.conn.LocalAddr().(*net.UDPAddr).AddrPort() })
	var got bytes.Buffer
	err := b.tftpRead(t.Context(), "some/file", &got)
	if err := e.conn.Close(); err != nil {
		t.Error(err)
	}
	<-done
	return got.Bytes(), err
}

func noise(n int) []byte {
	out := make([]byte, 0, n+8)
	for i := uint64(1); len(out) < n; i++ {
		out = binary.BigEndian.AppendUint64(out, i*0x9e3779b97f4a7c15) // no two blocks alike
	}
	return out[:n]
}

// TestTFTP reads files of every awkward length, with and without options, and over a line that loses packets.
func TestTFTP(t *testing.T) {
	t.Parallel()
	blksize := func(n string) []byte { return []byte("blksize\x00" + n + "\x00") }
	for name, e := range map[string]*engine{
		"no options":            {content: noise(5000), block: 512},
		"empty":                 {block: 512},
		"a whole block":         {content: noise(1024), block: 512},
		"options":               {content: noise(5000), block: 1468, oack: []byte("timeout\x005\x00BLKSIZE\x001468\x00")},
		"smaller blocks":        {content: noise(5000), block: 16, oack: blksize("16")},
		"other options":         {content: noise(5000), block: 512, oack: []byte("timeout\x005\x00")},
		"each packet lost once": {content: noise(3000), block: 512, drop: func(_ []byte, times int) bool { return times == 1 }},
		"options lost":          {content: noise(3000), block: 512, oack: blksize("512"), drop: func(p []byte, times int) bool { return p[1] == opOACK && times < 3 }},
		"rolls over":            {content: noise(8*65540 + 3), block: 8, oack: blksize("8")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readFrom(t, e)
			if err != nil || !bytes.Equal(got, e.content) {
				t.Errorf("%d bytes of %d, %v", len(got), len(e.content), err)
			}
		})
	}
}

// TestTFTPFails: what cannot be read is an error at once, but for silence, which is asked again first.
func TestTFTPFails(t *testing.T) {
	t.Parallel()
	silent := &engine{content: noise(10), block: 512, drop: func([]byte, int) bool { return true }}
	for want, e := range map[string]*engine{
		"does not answer":               silent,
		"impossible blksize \"100000\"": {block: 512, oack: []byte("blksize\x00100000\x00")},
		"impossible blksize \"many\"":   {block: 512, oack: []byte("blksize\x00many\x00")},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			_, err := readFrom(t, e)
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "some/file") {
				t.Errorf("%v", err)
			}
		})
	}
	t.Cleanup(func() { // after the parallel parts
		if len(silent.sent) != 1 || silent.sent[string(silent.data(1))] != tftpTries {
			t.Errorf("asked a silent server %v", silent.sent)
		}
	})
}

// TestTFTPError carries the server's error out.
func TestTFTPError(t *testing.T) {
	t.Parallel()
	b := newBoard(t, newServer(t), nil)
	err := b.tftpRead(t.Context(), "nothing", &bytes.Buffer{})
	var refused *tftpError
	if !errors.As(err, &refused) || refused.code != 1 || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("%v", err)
	}
}

// TestTFTPStrangers: what comes from elsewhere, or again, or is too short, is no part of the file.
func TestTFTPStrangers(t *testing.T) {
	t.Parallel()
	stranger := listenUDP(t)
	e := &engine{content: noise(3000), block: 512}
	first := true
	e.before = func(to netip.AddrPort) {
		if first {
			first = false // the server's port is not known before its first answer
			return
		}
		for _, p := range [][]byte{e.data(1), {0, opDATA}, {0, opOACK, 'x', 0}, {0, 99, 0, 2}} {
			_, _ = e.conn.WriteToUDPAddrPort(p, to)
		}
		_, _ = stranger.WriteToUDPAddrPort([]byte{0, opDATA, 0, 2, 'x'}, to)
		_, _ = stranger.WriteToUDPAddrPort([]byte{0, opERROR, 0, 1, 'x', 0}, to)
	}
	got, err := readFrom(t, e)
	if err != nil || !bytes.Equal(got, e.content) {
		t.Errorf("%d bytes of %d, %v", len(got), len(e.content), err)
	}
}

// TestTFTPEndsWithThePower: nobody waits for an answer in the dark.
func TestTFTPEndsWithThePower(t *testing.T) {
	t.Parallel()
	silent := listenUDP(t)
	b := newBoard(t, newServer(t), func(c *Config) {
		c.TFTP = silent.LocalAddr().(*net.UDPAddr).AddrPort()
		c.Speed = 0.001
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.tftpRead(ctx, "file", &bytes.Buffer{}) }()
	if _, _, err := silent.ReadFromUDPAddrPort(make([]byte, 64)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	if got, want := string(request("a/b")), "\x00\x01a/b\x00octet\x00timeout\x005\x00blksize\x001468\x00"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := ack(0x1234); !bytes.Equal(got, []byte{0, 4, 0x12, 0x34}) {
		t.Errorf("%v", got)
	}
}
