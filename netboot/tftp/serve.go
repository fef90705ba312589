package tftp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Serve answers requests that come to conn until ctx ends; then transfers are told so and ended, within 5 s, and it returns
// nil. It closes conn. If conn is bound to no address in particular, clients are answered from the one they asked.
func (s *Server) Serve(ctx context.Context, conn *net.UDPConn) error {
	var err error
	if s.reactor, err = newReactor(); err != nil {
		return errors.Join(fmt.Errorf("serve TFTP: %w", err), conn.Close())
	}
	go s.reactor.loop() // ends after stop, with the last transfer
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	err = s.requests(conn)
	if stop() {
		err = errors.Join(fmt.Errorf("receive TFTP requests: %w", err), conn.Close())
	} else {
		err = nil // the socket was closed on purpose
	}
	s.live.stop()
	s.reactor.stop()
	if !s.live.wait(stopWithin) {
		s.log.Warn("TFTP: transfers whose file cannot be opened or read are left behind")
	}
	return err
}

// requests reads the listening socket until that fails.
func (s *Server) requests(conn *net.UDPConn) error {
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
	everywhere := local.IsUnspecified()
	if everywhere {
		askDestination(conn)
	}
	var buf, side [2048]byte
	for {
		n, m, _, peer, err := conn.ReadMsgUDPAddrPort(buf[:], side[:])
		if err != nil {
			return err
		}
		peer = netip.AddrPortFrom(peer.Addr().Unmap(), peer.Port())
		if everywhere {
			if local = destination(side[:m]); !local.IsValid() {
				local = unspecified(peer.Addr())
			}
		}
		s.admit(buf[:n], peer, local)
	}
}

func unspecified(like netip.Addr) netip.Addr {
	if like.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// admit looks at one packet and starts the transfer that it asks for. A request that comes again before its answer was
// acknowledged is the same one; the answer is sent again by itself.
func (s *Server) admit(p []byte, peer netip.AddrPort, local netip.Addr) {
	r, refusal := parseRequest(p)
	switch {
	case refusal != nil:
		s.refuse(refusal, peer, local)
		return
	case r.write && s.cfg.Take == nil:
		s.refuse(errReadOnly, peer, local)
		return
	case r.name == "" || !s.live.begin(peer):
		return
	case !s.cfg.Gate.Enter(peer.Addr()):
		s.live.heard(peer)
		s.live.all.Done()
		s.refuse(errBusy, peer, local)
		return
	}
	go func() { // ends with the transfer
		defer s.live.all.Done()
		defer s.cfg.Gate.Leave(peer.Addr())
		heard := sync.OnceFunc(func() { s.live.heard(peer) })
		defer heard()
		run := s.serve
		if r.write {
			run = s.receive
		}
		if err := run(r, peer, local, heard); err != nil {
			s.log.Debug("TFTP: a transfer did not begin", "client", peer, "error", err)
		}
	}()
}

var (
	errReadOnly = &Error{Code: CodeAccess, Text: "nothing is written here"}
	errBusy     = &Error{Code: CodeUndefined, Text: "too many transfers, ask again"}
	errBroken   = &Error{Code: CodeUndefined, Text: "the server made a mistake"}
)

// refuse sends an error from the address that was asked.
func (s *Server) refuse(e *Error, peer netip.AddrPort, local netip.Addr) {
	conn, err := bind(local)
	if err != nil {
		return // no more sockets: the client asks again
	}
	defer func() { _ = conn.Close() }()
	_, _ = conn.WriteToUDPAddrPort(e.packet(), peer)
}

// bind makes a socket with a port of its own. An address that cannot be bound, such as that of a broadcast, is left to the
// kernel to choose.
func bind(local netip.Addr) (*net.UDPConn, error) {
	network := "udp6"
	if local.Is4() {
		network = "udp4"
	}
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0)))
	if err != nil {
		conn, err = net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(unspecified(local), 0)))
	}
	return conn, err
}

// serve is one transfer, from the file to the report how it ended. It calls heard when the client has answered.
func (s *Server) serve(r request, peer netip.AddrPort, local netip.Addr, heard func()) error {
	file, err := s.open(r.name, peer)
	if err != nil {
		s.refuse(asError(err), peer, local)
		return nil // who opens knows best what to say of it
	}
	done := file.Done
	if done == nil {
		done = func(Outcome) {}
	}
	terms := agree(r.options, file.Size, cmp.Or(file.Window, s.cfg.Window), func() int { return s.largest(file.MaxBlock, local, peer) })
	files := &s.files
	if s.plain {
		files = nil
	}
	t := &transfer{peer: peer, from: newSource(files, file, terms.block), terms: terms, flight: newFlight(terms, file.Size),
		silence: s.patience(terms), answered: heard}
	if t.from.shared != nil {
		err = s.fast(t, local)
	} else {
		err = s.plainly(t, local)
	}
	done(t.outcome(err))
	return t.from.close(&s.files)
}

// open calls the handler. One that panics ends the request, not the process.
func (s *Server) open(name string, peer netip.AddrPort) (file *File, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("a TFTP request broke its handler", "name", name, "client", peer, "panic", p)
			err = errBroken
		}
	}()
	return s.cfg.Open(name, peer)
}

// largest is the largest block for a client: the file's own limit, the configured one, or what the path carries whole.
func (s *Server) largest(own int, local netip.Addr, peer netip.AddrPort) int {
	if most := cmp.Or(own, s.cfg.MaxBlock); most > 0 {
		return most
	}
	heads := 20 + 8 + headerSize
	if peer.Addr().Is6() {
		heads = 40 + 8 + headerSize
	}
	return max(pathMTU(local, peer)-heads, plainBlock)
}

// patience is how long a client may be silent. One that asks for a long timeout sends nothing for as long itself.
func (s *Server) patience(t terms) time.Duration {
	return max(s.cfg.Silence, min(5*t.timeout, longestSilence))
}
