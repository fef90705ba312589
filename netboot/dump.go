package netboot

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"mozpool/actors"
	"mozpool/netboot/dumps"
	"mozpool/netboot/tftp"
)

// What becomes of a crash dump that a board wants to write.
const (
	dumpKept    = "kept"
	dumpRefused = "refused" // no board's address, or beyond a limit
	dumpBroken  = "broken"  // begun and not ended
)

// takeDump opens a crash dump for the board at this address. Nobody else writes here: a stranger's bytes would have no
// quota of their own.
func (s *Server) takeDump(name string, size int64, peer netip.AddrPort) (tftp.Sink, error) {
	v := s.byAddress(peer.Addr())
	if v == nil {
		s.cfg.Metrics.dumped(s.cfg.Rack, dumpRefused)
		return nil, &tftp.Error{Code: tftp.CodeAccess, Text: "no board has the address " + peer.Addr().String()}
	}
	if len(name) > maxName {
		name = name[len(name)-maxName:]
	}
	d, err := s.cfg.Dumps.Create(v.Spec.Name, name, size)
	if err != nil {
		s.cfg.Metrics.dumped(s.cfg.Rack, dumpRefused)
		s.line(v, 4, fmt.Sprintf("crash dump %s of %s was refused: %v", printable(clip(name)), peer.Addr(), err))
		return nil, forLoader(err)
	}
	return &dumpSink{d: d, s: s, v: v, peer: peer.Addr(), name: printable(clip(name)), began: s.cfg.Clock()}, nil
}

// forLoader is what a board is told of an error: a limit in its own words, of all else nothing.
func forLoader(err error) error {
	var limit *dumps.LimitError
	if errors.As(err, &limit) {
		return &tftp.Error{Code: tftp.CodeFull, Text: limit.Text}
	}
	return &tftp.Error{Code: tftp.CodeUndefined, Text: "the crash dump cannot be written"}
}

// dumpSink is a dump on its way, and tells of its end.
type dumpSink struct {
	d     *dumps.Dump
	s     *Server
	v     *actors.View
	peer  netip.Addr
	name  string
	began time.Time
}

// Write implements tftp.Sink.
func (k *dumpSink) Write(p []byte) (int, error) {
	n, err := k.d.Write(p)
	if err != nil {
		err = fmt.Errorf("%w (%w)", forLoader(err), err)
	}
	return n, err
}

// Keep implements tftp.Sink.
func (k *dumpSink) Keep() error {
	f, err := k.d.Keep()
	if err != nil {
		k.s.cfg.Metrics.dumped(k.s.cfg.Rack, dumpBroken)
		k.s.line(k.v, 3, fmt.Sprintf("crash dump %s of %s is lost: %v", k.name, k.peer, err))
		return err
	}
	k.s.cfg.Metrics.dumped(k.s.cfg.Rack, dumpKept)
	took := k.s.cfg.Clock().Sub(k.began).Round(time.Millisecond)
	k.s.line(k.v, 4, fmt.Sprintf("crash dump of %s: %s, %d bytes in %v", k.peer, f.Name, f.Size, took))
	return nil
}

// Drop implements tftp.Sink.
func (k *dumpSink) Drop(err error) {
	k.s.cfg.Metrics.dumped(k.s.cfg.Rack, dumpBroken)
	k.s.line(k.v, 4, fmt.Sprintf("crash dump %s of %s broke off: %v", k.name, k.peer, err))
	if err := k.d.Drop(); err != nil {
		k.s.log.Warn("half of a crash dump is left behind until the next start", "board", k.v.Spec.Name, "error", err)
	}
}
