package netboot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// Addrs are where a server listens, with the ports that it got.
type Addrs struct {
	HTTP   netip.AddrPort
	TFTP   netip.AddrPort
	Syslog netip.AddrPort
}

// Server serves one rack: bound by Listen, serving with Run.
type Server struct {
	cfg       Config
	log       *slog.Logger
	addrs     Addrs
	http      net.Listener
	tftp      *net.UDPConn
	syslog    *net.UDPConn
	syslogTCP *net.TCPListener // on syslog's port
	asked     *recent          // who asked for which entry lately
	heard     *recent          // whose syslog was told lately
	limits    *limiter
	talkers   *limiter // connections for syslog

	syslogCount lineCount

	patience time.Duration // for header and body of an HTTP request
}

// Listen binds every socket of the rack. Nothing is answered before Run.
func Listen(cfg Config) (*Server, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if !cfg.Address.IsValid() {
		cfg.Address = cfg.Listen
	}
	s := &Server{cfg: cfg, log: cfg.Logger.With("rack", cfg.Rack), asked: newRecent(askedFor), heard: newRecent(heardFor),
		limits: newLimiter(perSource, inAll), talkers: newLimiter(syslogPerSource, syslogInAll), patience: httpHeader,
		syslogCount: cfg.Metrics.lines(cfg.Rack)}
	cfg.Metrics.from0(cfg.Rack)
	var err error
	if s.http, err = net.Listen("tcp", netip.AddrPortFrom(cfg.Listen, cfg.HTTP).String()); err != nil {
		return nil, s.cannot("HTTP", "http", cfg.HTTP, err)
	}
	s.addrs.HTTP = s.http.Addr().(*net.TCPAddr).AddrPort()
	if s.tftp, err = listenUDP(cfg.Listen, cfg.TFTP); err != nil {
		return nil, errors.Join(s.cannot("TFTP", "tftp", cfg.TFTP, err), s.Close())
	}
	s.addrs.TFTP = s.tftp.LocalAddr().(*net.UDPAddr).AddrPort()
	if s.syslog, s.syslogTCP, err = listenSyslog(cfg.Listen, cfg.Syslog); err != nil {
		return nil, errors.Join(s.cannot("syslog", "syslog", cfg.Syslog, err), s.Close())
	}
	s.addrs.Syslog = s.syslog.LocalAddr().(*net.UDPAddr).AddrPort()
	return s, nil
}

func listenUDP(a netip.Addr, port uint16) (*net.UDPConn, error) {
	return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, port)))
}

// cannot says in one line what could not be bound, and what to do about it.
func (s *Server) cannot(what, key string, port uint16, err error) error {
	remedy := "see whether the address is this machine's"
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		remedy = fmt.Sprintf("another program has it; stop that, or choose another racks.%s.ports.%s", s.cfg.Rack, key)
	case errors.Is(err, os.ErrPermission):
		remedy = fmt.Sprintf("ports below 1024 are for root, or after: sudo setcap cap_net_bind_service=+ep %s; racks.%s.ports.%s names another", program(), s.cfg.Rack, key)
	}
	var sys *os.SyscallError
	if errors.As(err, &sys) {
		err = sys.Err
	}
	return fmt.Errorf("rack %s: %s cannot listen on %s: %w; %s", s.cfg.Rack, what, netip.AddrPortFrom(s.cfg.Listen, port), err, remedy)
}

// program is the program's own file, for a command that people paste.
func program() string {
	path, err := os.Executable()
	if err != nil {
		return "$(which mozpool)"
	}
	return path
}

// Addrs are where the server listens.
func (s *Server) Addrs() Addrs { return s.addrs }

// String names the task.
func (s *Server) String() string { return "netboot of rack " + s.cfg.Rack }

// Close closes the sockets of a server that does not run.
func (s *Server) Close() error {
	var errs []error
	if s.http != nil {
		errs = append(errs, s.http.Close())
	}
	if s.syslogTCP != nil {
		errs = append(errs, s.syslogTCP.Close())
	}
	for _, c := range []*net.UDPConn{s.tftp, s.syslog} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// Run serves until ctx ends, then gives transfers a moment, at most 5 s, and returns nil.
func (s *Server) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.serveTFTP(ctx) })
	g.Go(func() error { return s.serveHTTP(ctx) })
	g.Go(func() error { return s.serveSyslog(ctx) })
	g.Go(func() error { return s.serveSyslogTCP(ctx) })
	if err := g.Wait(); err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	return nil
}

// bootFolder is where the site's loader files lie.
func (s *Server) bootFolder() string { return filepath.Join(s.cfg.Files, "boot") }
