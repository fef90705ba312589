package netboot

import (
	"context"
	"net/netip"

	"mozpool/netboot/tftp"
)

// tftpBuffer is what the listening socket may hold, in bytes: the requests of a rack that gets its power back at once.
const tftpBuffer = 1 << 20

// serveTFTP serves loaders with package tftp until ctx ends. Only here is it known which TFTP engine there is.
func (s *Server) serveTFTP(ctx context.Context) error {
	s.raiseBuffer(s.tftp, "TFTP", tftpBuffer)
	cfg := tftp.Config{Open: s.openTFTP, Gate: s.limits, Logger: s.log}
	if s.cfg.Dumps != nil {
		cfg.Take = s.takeDump
	}
	engine := tftp.New(cfg)
	return engine.Serve(ctx, s.tftp)
}

// openTFTP is Open for the engine.
func (s *Server) openTFTP(name string, peer netip.AddrPort) (*tftp.File, error) {
	t, err := s.Open(name, peer)
	if err != nil {
		s.cfg.Metrics.absent(s.cfg.Rack, viaTFTP)
		return nil, err
	}
	block, window := s.pace(t, peer)
	return &tftp.File{Content: t.Content, Size: t.Size, MaxBlock: block, Window: window, Done: func(o tftp.Outcome) {
		t.repeated, t.window = o.Repeated, o.Window
		t.Done(o.Sent, o.Err)
		s.cfg.Metrics.transferred(s.cfg.Rack, viaTFTP, o.Sent, o.Err)
		s.cfg.Metrics.repeated(s.cfg.Rack, o.Repeated)
	}}, nil
}

// pace is how large blocks and windows may be for the board that asks; 0: as for all. It is asked of the catalogue as it is
// now, not of what the attempt pinned: it changes no byte, and who corrects it wants the next boot to be better.
func (s *Server) pace(t *Transfer, peer netip.AddrPort) (block, window int) {
	v := t.board
	if v == nil {
		v = s.byAddress(peer.Addr())
	}
	if v == nil || s.cfg.Catalogue == nil {
		return 0, 0
	}
	c := s.cfg.Catalogue.Get()
	if c == nil {
		return 0, 0
	}
	h, _ := c.HardwareType(v.Spec.Hardware)
	return h.TFTPBlock, h.TFTPWindow
}
