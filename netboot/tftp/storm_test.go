package tftp

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestStorm: many clients at once, over a network that does everything wrong, get every byte right.
func TestStorm(t *testing.T) {
	t.Parallel()
	const clients = 60
	storm := weather{lose: 0.03, double: 0.03, delay: 0.1, by: 15 * time.Millisecond}
	each(t, func(t *testing.T, change func(*Config, *Server)) {
		r := newRig(t, change)
		data := noise(300_000)
		r.put(t, "kernel", data)
		p := newProxy(t, r.addr, storm, 7)
		var all sync.WaitGroup
		for i := range clients {
			all.Go(func() {
				c := client{server: p.addr, block: []int{0, 1408, 1468, 4096}[i%4], window: []int{0, 4, 16, 0, 64}[i%5], patience: 300 * time.Millisecond}
				r.check(t, c, "kernel", data)
			})
		}
		all.Wait()
	})
}

// TestDeadNetwork: each kind of trouble by itself, and much of it.
func TestDeadNetwork(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	data := noise(100_000)
	r.put(t, "kernel", data)
	for name, w := range map[string]weather{
		"loss":    {lose: 0.25},
		"doubles": {double: 1},
		"late":    {delay: 0.5, by: 40 * time.Millisecond},
	} {
		for _, window := range []int{1, 16} {
			t.Run(fmt.Sprint(name, window), func(t *testing.T) {
				t.Parallel()
				p := newProxy(t, r.addr, w, 11)
				r.check(t, client{server: p.addr, block: 1408, window: window, patience: 300 * time.Millisecond}, "kernel", data)
			})
		}
	}
}
