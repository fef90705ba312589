package tftp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"
)

// sender writes files as RFC 7440 has it: a window, then an acknowledgement, and what that does not cover once more.
type sender struct {
	server        netip.AddrPort
	block, window int
	patience      time.Duration
	conn          *net.UDPConn
	peer          netip.AddrPort // the transfer's own port; not valid: none has answered
}

// put writes a file. It gives up after many silences.
func (s *sender) put(name string, data []byte) error {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	s.conn = conn
	request := "\x00\x02" + name + "\x00octet\x00blksize\x00" + strconv.Itoa(s.block) + "\x00windowsize\x00" + strconv.Itoa(s.window) + "\x00"
	for tries := 0; !s.peer.IsValid(); tries++ {
		if tries > 100 {
			return errors.New("the request is not answered")
		}
		if _, err := conn.WriteToUDPAddrPort([]byte(request), s.server); err != nil {
			return err
		}
		if _, err := s.answer(); err != nil {
			return err
		}
	}
	blocks := len(data)/s.block + 1
	for done, tries := 0, 0; done < blocks; tries++ {
		if tries > 100+10*blocks {
			return fmt.Errorf("only %d of %d blocks are acknowledged", done, blocks)
		}
		for i := done; i < min(done+s.window, blocks); i++ {
			p := binary.BigEndian.AppendUint16([]byte{0, opData}, uint16(i+1))
			p = append(p, data[i*s.block:min((i+1)*s.block, len(data))]...)
			if _, err := conn.WriteToUDPAddrPort(p, s.peer); err != nil {
				return err
			}
		}
		block, err := s.answer()
		if err != nil {
			return err
		}
		if ahead := uint16(block) - uint16(done); block >= 0 && int(ahead) <= s.window {
			done += int(ahead)
		}
	}
	return nil
}

// answer waits for an acknowledgement and gives its block, 0 to 65,535; -1: silence.
func (s *sender) answer() (block int, err error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(s.patience)); err != nil {
		return -1, err
	}
	buf := make([]byte, 2048)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		switch {
		case err != nil:
			return -1, nil
		case s.peer.IsValid() && from != s.peer || n < headerSize:
			continue // another transfer of the same request
		}
		switch binary.BigEndian.Uint16(buf) {
		case opError:
			return -1, clientError(buf[:n])
		case opOptions:
			s.peer = from
			return 0, nil
		case opAck:
			return int(binary.BigEndian.Uint16(buf[2:])), nil
		}
	}
}

// TestWriteStorm: over a network that does everything wrong, what is kept is what was sent, to the byte. A request that
// comes late may begin a transfer of nothing, which is dropped.
func TestWriteStorm(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	all := map[string][]*kept{}
	r := newRig(t, func(c *Config, _ *Server) {
		c.Take = func(name string, _ int64, _ netip.AddrPort) (Sink, error) {
			mu.Lock()
			defer mu.Unlock()
			m := &kept{ended: make(chan error, 16)}
			all[name] = append(all[name], m)
			return m, nil
		}
	})
	p := newProxy(t, r.addr, weather{lose: 0.03, double: 0.03, delay: 0.1, by: 15 * time.Millisecond}, 7)
	var writers sync.WaitGroup
	for i := range 20 {
		writers.Go(func() {
			s := sender{server: p.addr, block: []int{512, 1408}[i%2], window: []int{1, 4, 16}[i%3], patience: 300 * time.Millisecond}
			if err := s.put(fmt.Sprint(i), noise(60_000+i)); err != nil {
				t.Errorf("%+v: %v", s, err)
			}
		})
	}
	writers.Wait()
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	for i := range 20 {
		whole := 0
		for _, m := range all[fmt.Sprint(i)] {
			if err := m.wait(t); err == nil {
				whole++
				if !bytes.Equal(m.Bytes(), noise(60_000+i)) {
					t.Errorf("file %d is kept with other bytes", i)
				}
			}
		}
		if whole != 1 {
			t.Errorf("file %d was kept %d times", i, whole)
		}
	}
}

// TestWriteRollOver: beyond 65,535 blocks the numbers begin again.
func TestWriteRollOver(t *testing.T) {
	t.Parallel()
	m := &kept{}
	s := sender{server: newTaker(t, m).addr, block: 8, window: 64, patience: patient}
	want := noise(8*65_600 + 3)
	if err := s.put("dump", want); err != nil {
		t.Fatal(err)
	}
	if err := m.wait(t); err != nil || !bytes.Equal(m.Bytes(), want) {
		t.Errorf("%v, %d bytes of %d", err, m.Len(), len(want))
	}
}
