//go:build !linux

package tftp

import "net/netip"

// reactor is not to be had here.
type reactor struct{}

func newReactor() (*reactor, error) { return nil, nil }

func (*reactor) loop() {}
func (*reactor) stop() {}

// fast is never called: no file is mapped.
func (s *Server) fast(t *transfer, local netip.Addr) error { return s.plainly(t, local) }
