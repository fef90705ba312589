package netboot

import (
	"net"
	"sync"
	"time"
)

// sampleEvery is how often a transfer under way is looked at: sendfile tells nothing until its end, and the kernel takes
// megabytes that no board has.
const sampleEvery = time.Second

// sample tells moved how many bytes of what is sent on a connection from now on have arrived, whenever there are more,
// until stop is called, which waits for the last call.
func sample(conn net.Conn, every time.Duration, length int64, moved func(arrived int64)) (stop func()) {
	base, ok := acked(conn)
	if !ok {
		return func() {}
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		t := time.NewTicker(every)
		defer t.Stop()
		for last := int64(0); ; {
			select {
			case <-done:
				return
			case <-t.C:
			}
			now, ok := acked(conn)
			if !ok || now < base {
				return // closed
			}
			// The head of the answer may be among them, which is a few hundred bytes.
			if arrived := min(int64(now-base), length); arrived > last {
				last = arrived
				moved(arrived)
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}
