package netboot

import (
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"mozpool/actors/board"
)

const pacedYAML = imagesYAML + `
hardware:
  qemu-arm64: {live: live/arm64, disk: /dev/vda, tftp_block: 1024, tftp_window: 2}
`

// TestPaceOfHardware: what a loader asks for is cut to what images.yaml says of its board's hardware type, by token and, for
// files without one, by address.
func TestPaceOfHardware(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, rigOptions{yaml: pacedYAML})
	for _, name := range []string{"b/" + alive.String() + "/kernel", "lpxelinux.0"} {
		got := r.raw(t, "\x00\x01"+name+"\x00octet\x00blksize\x001428\x00windowsize\x0016\x00")
		if want := "\x00\x06blksize\x001024\x00windowsize\x002\x00"; string(got) != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	r.fleet.mu.Lock()
	moved := *r.fleet.view
	moved.Spec.Rack = "r2"
	r.fleet.view = &moved
	r.fleet.mu.Unlock()
	if got := r.raw(t, "\x00\x01lpxelinux.0\x00octet\x00blksize\x001428\x00"); string(got) != "\x00\x06blksize\x001428\x00" {
		t.Errorf("another rack's board at this address: %q", got)
	}
}

// TestRepeatedBlocksAreTold: a loader that is slow to acknowledge makes a line, evidence and a number.
func TestRepeatedBlocksAreTold(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, rigOptions{kernel: strings.Repeat("k", 600)})
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.WriteToUDPAddrPort([]byte("\x00\x01b/"+alive.String()+"/kernel\x00octet\x00"), r.Addrs().TFTP); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2048)
	for seen := 0; ; {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil || n < 4 {
			t.Fatalf("%d bytes, %v", n, err)
		}
		if seen++; seen == 1 {
			continue // as if it were lost
		}
		if _, err := conn.WriteToUDPAddrPort([]byte{0, 4, buf[2], buf[3]}, from); err != nil {
			t.Fatal(err)
		}
		if binary.BigEndian.Uint16(buf[2:]) == 2 {
			break
		}
	}
	r.logs.wait(t, "sent again")
	r.heard(t, 1)
	r.fleet.mu.Lock()
	e := r.fleet.told[0]
	r.fleet.mu.Unlock()
	if e.Input.Kind != board.KernelRead || !strings.Contains(e.Input.Text, "sent again") {
		t.Errorf("told %+v", e)
	}
	r.stop() // the number comes after the evidence
	<-r.ended
	if got := testutil.ToFloat64(r.Server.cfg.Metrics.tftpRepeated.WithLabelValues("r1")); got < 1 {
		t.Errorf("%v blocks are counted", got)
	}
}
