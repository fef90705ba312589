package netboot

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Connections for syslog at once. A board whose power was cut leaves one behind until keep-alives have missed it.
const (
	syslogPerSource = 16
	syslogInAll     = 4096
)

// acceptPause is between two tries to accept while the process has no room for another connection.
const acceptPause = 100 * time.Millisecond

// wait returns after d, or when ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// listenSyslog binds syslog's UDP and TCP port. Any free port has to be free for both, which takes another try now and
// then.
func listenSyslog(a netip.Addr, port uint16) (*net.UDPConn, *net.TCPListener, error) {
	for try := 0; ; try++ {
		udp, err := listenUDP(a, port)
		if err != nil {
			return nil, nil, err
		}
		got := udp.LocalAddr().(*net.UDPAddr).AddrPort()
		tcp, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(got))
		if err == nil {
			return udp, tcp, nil
		}
		err = errors.Join(err, udp.Close())
		if port != 0 || try >= 16 || !errors.Is(err, syscall.EADDRINUSE) {
			return nil, nil, err
		}
	}
}

// serveSyslogTCP takes lines by TCP until ctx ends.
func (s *Server) serveSyslogTCP(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = s.syslogTCP.Close() })
	defer stop()
	var talking sync.WaitGroup
	defer talking.Wait() // each ends with ctx
	for {
		conn, err := s.syslogTCP.AcceptTCP()
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ECONNABORTED) {
				s.log.Warn("syslog: a connection was not taken", "error", err)
				wait(ctx, acceptPause)
				continue
			}
			return fmt.Errorf("syslog by TCP: %w", err)
		}
		from := conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
		if s.byAddress(from) == nil {
			s.syslogCount.stranger()
			_ = conn.Close() // nobody could find its lines again
			continue
		}
		if !s.talkers.Enter(from) {
			_ = conn.Close() // it has many already
			continue
		}
		talking.Go(func() {
			defer s.talkers.Leave(from)
			s.takeLines(ctx, conn, from)
		})
	}
}

// takeLines reads a connection to its end.
func (s *Server) takeLines(ctx context.Context, conn *net.TCPConn, from netip.Addr) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer func() { _ = conn.Close() }() // was only read
	r := bufio.NewReaderSize(conn, maxLine)
	for {
		line, err := readFrame(r)
		if len(line) > 0 {
			s.takeLine(line, from)
		}
		if err != nil {
			return // the board's end, or nonsense: it connects again
		}
	}
}

// maxFrame is the longest frame whose rest is read and thrown away, so that what follows it is found.
const maxFrame = 1 << 20

var errFrame = errors.New("no frame of syslog")

// readFrame reads one message by either framing of RFC 6587: its length in octets before it, or a line feed after it.
// What is longer than maxLine is cut. At the end it may return both a message and io.EOF. The message is good until the
// next call.
func readFrame(r *bufio.Reader) ([]byte, error) {
	head, n, err := octetCount(r)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return readToFeed(r)
	}
	if n > maxFrame {
		return nil, errFrame
	}
	if _, err := r.Discard(head); err != nil {
		return nil, err
	}
	line := make([]byte, min(n, maxLine))
	if got, err := io.ReadFull(r, line); err != nil {
		return line[:got], err
	}
	_, err = r.Discard(n - len(line))
	return line, err
}

// octetCount looks for "LENGTH <", and says how long the length with its space is. 0: the message has none. A message
// begins with '<', which tells a length from a line that begins with a number.
func octetCount(r *bufio.Reader) (head, length int, err error) {
	const digits = 7
	for i := 0; i <= digits; i++ {
		b, err := r.Peek(i + 1)
		if err != nil && len(b) <= i {
			if i > 0 {
				err = nil // a last line of digits
			}
			return 0, 0, err
		}
		c := b[i]
		if c >= '0' && c <= '9' && (i > 0 || c != '0') {
			continue
		}
		if c != ' ' || i == 0 {
			return 0, 0, nil
		}
		if b, err = r.Peek(i + 2); err != nil || b[i+1] != '<' {
			return 0, 0, nil
		}
		n, err := strconv.Atoi(string(b[:i]))
		return i + 1, n, err
	}
	return 0, 0, nil
}

// readToFeed reads up to a line feed, which is not part of the message.
func readToFeed(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		if err == nil {
			line = line[:len(line)-1]
		}
		return line, err
	}
	line = append([]byte(nil), line...) // the rest is read over it
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.ReadSlice('\n')
	}
	return line, err
}
