package lease

import (
	"time"

	"golang.org/x/sys/unix"
)

// Boottime is the clock that leases run on: it goes on while the machine
// sleeps, and nobody sets it.
func Boottime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic(err) // every Linux since 2.6.39 has it
	}
	return time.Duration(ts.Nano())
}
