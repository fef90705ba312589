package netboot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/pin/tftp/v3"
)

// A loader that is gone holds a goroutine and a socket for this times that.
const (
	tftpTimeout = time.Second
	tftpRetries = 4
)

var (
	errBusy     = errors.New("too many transfers, ask again")
	errStopping = errors.New("the server is stopping")
)

// serveTFTP serves loaders with package tftp until ctx ends. Only here is it known which TFTP engine there is.
func (s *Server) serveTFTP(ctx context.Context) error {
	engine := tftp.NewServer(func(name string, rf io.ReaderFrom) error { return s.serveRead(ctx, name, rf) }, nil)
	engine.SetTimeout(tftpTimeout)
	engine.SetRetries(tftpRetries)
	engine.SetBackoff(func(int) time.Duration { return 0 })
	stop := context.AfterFunc(ctx, engine.Shutdown)
	err := engine.Serve(s.tftp)
	if stop() {
		return fmt.Errorf("TFTP ended: %w", err)
	}
	engine.Shutdown() // waits for transfers, which end at their next read
	return nil
}

// serveRead is one read request. The engine sends the error's text; a handler that returns nil without reading would
// leak its socket, and one that panics would end the process.
func (s *Server) serveRead(ctx context.Context, name string, rf io.ReaderFrom) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("a TFTP request broke its handler", "panic", p)
			err = errNoFile
		}
	}()
	out, ok := rf.(tftp.OutgoingTransfer)
	if !ok {
		return errNoFile
	}
	remote := out.RemoteAddr()
	addr, _ := netip.AddrFromSlice(remote.IP) // the engine's own address is valid
	peer := netip.AddrPortFrom(addr.Unmap(), uint16(remote.Port))
	if !s.limits.enter(peer.Addr()) {
		return errBusy
	}
	defer s.limits.leave(peer.Addr())
	t, err := s.Open(name, peer)
	if err != nil {
		s.cfg.Metrics.absent(s.cfg.Rack, viaTFTP)
		return err
	}
	defer func() { _ = t.Close() }() // was only read
	out.SetSize(t.Size)
	sent, err := rf.ReadFrom(&untilDone{ctx, t})
	t.Done(sent, err)
	s.cfg.Metrics.transferred(s.cfg.Rack, viaTFTP, sent, err)
	return nil // the engine has told the loader already
}

// untilDone ends a transfer when the server stops.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u *untilDone) Read(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, errStopping
	}
	return u.r.Read(p)
}
