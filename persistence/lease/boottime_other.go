//go:build !linux

package lease

import "time"

var started = time.Now()

// Boottime is the clock that leases run on. Here it may stand still while the
// machine sleeps: a cluster needs Linux.
func Boottime() time.Duration { return time.Since(started) }
