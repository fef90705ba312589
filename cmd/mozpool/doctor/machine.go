package doctor

import (
	"context"
	"fmt"
	"time"

	"mozpool/netboot"
)

// written is a time that has passed: a clock before it was never set.
var written = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// clock looks whether the wall clock is set and kept right: limits, tokens and logs of a rack are compared by it.
func clock(_ context.Context, s *Site) []Finding {
	const check = "clock"
	now := s.Now()
	if now.Before(written) {
		return []Finding{red(check, "", fmt.Sprintf("the clock says %s, which is past", now.UTC().Format(time.RFC3339)), "set it, and install chrony or systemd-timesyncd")}
	}
	kept, err := synchronised()
	switch {
	case err != nil:
		return []Finding{amber(check, "", "whether something keeps the clock right is not known: "+err.Error(), "install chrony or systemd-timesyncd")}
	case !kept:
		return []Finding{amber(check, "", "the kernel says that nothing keeps the clock right", "install chrony or systemd-timesyncd, or look why it does not reach its servers")}
	}
	return []Finding{green(check, "", "is kept right")}
}

// buffers looks how much the kernel lets a listener hold while the server is busy.
func buffers(context.Context, *Site) []Finding {
	wanted, got, err := netboot.ReceiveBuffer()
	return []Finding{judgeBuffers(wanted, got, err)}
}

func judgeBuffers(wanted, got int, err error) Finding {
	const check = "buffers"
	switch {
	case err != nil:
		return amber(check, "", "a receive buffer could not be tried: "+err.Error(), "look at the limits of this user (ulimit -a)")
	case got == 0:
		return amber(check, "", "this system does not say how large receive buffers are", "run the server on Linux")
	case got < wanted:
		return amber(check, "", fmt.Sprintf("receive buffers hold %d KiB, not %d: when a whole rack talks at once, lines are lost", got>>10, wanted>>10),
			fmt.Sprintf("sysctl -w net.core.rmem_max=%d, and write it to /etc/sysctl.d", wanted))
	}
	return green(check, "", fmt.Sprintf("%d KiB are granted", got>>10))
}
