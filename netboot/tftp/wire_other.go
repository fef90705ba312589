//go:build !linux

package tftp

func (s *Server) newWire(l line, _ terms) (wire, error) { return newPlainWire(l), nil }
