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
	engine := tftp.New(tftp.Config{Open: s.openTFTP, Gate: s.limits, Logger: s.log})
	return engine.Serve(ctx, s.tftp)
}

// openTFTP is Open for the engine.
func (s *Server) openTFTP(name string, peer netip.AddrPort) (*tftp.File, error) {
	t, err := s.Open(name, peer)
	if err != nil {
		s.cfg.Metrics.absent(s.cfg.Rack, viaTFTP)
		return nil, err
	}
	return &tftp.File{Content: t.Content, Size: t.Size, Done: func(sent int64, err error) {
		t.Done(sent, err)
		s.cfg.Metrics.transferred(s.cfg.Rack, viaTFTP, sent, err)
	}}, nil
}
