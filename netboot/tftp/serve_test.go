package tftp

import (
	"fmt"
	"testing"
)

// each runs a test on every kind of wire.
func each(t *testing.T, test func(t *testing.T, change func(*Config, *Server))) {
	for name, change := range map[string]func(*Config, *Server){
		"offload":    func(*Config, *Server) {},
		"one by one": func(_ *Config, s *Server) { s.least = true },
		"plain":      func(_ *Config, s *Server) { s.plain = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, change)
		})
	}
}

// TestSizes reads files of every awkward length, with blocks and windows of every kind.
func TestSizes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, change func(*Config, *Server)) {
		r := newRig(t, change)
		for _, block := range []int{0, 8, 512, 1408, 1468, 8192, 65464} {
			for _, window := range []int{0, 1, 2, 16, 64} {
				size := max(block, 512)
				for _, n := range []int{0, 1, size - 1, size, size + 1, 3*size - 1, 16 * size, 16*size + 5} {
					name := fmt.Sprintf("f%d", n)
					data := noise(n)
					r.put(t, name, data)
					r.check(t, client{block: block, window: window, size: n%2 == 0}, name, data)
				}
			}
		}
	})
}

// TestRollOver reads more than 65,535 blocks.
func TestRollOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, change func(*Config, *Server)) {
		r := newRig(t, change)
		data := noise(8*(1<<16+70) + 3)
		r.put(t, "long", data)
		for _, window := range []int{1, 7, 64} {
			r.check(t, client{block: 8, window: window}, "long", data)
		}
	})
}
