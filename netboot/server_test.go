package netboot

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// A port that cannot be had is said with what to type, whoever may not have it and why.
func TestCannot(t *testing.T) {
	t.Parallel()
	s := &Server{cfg: Config{Rack: "r1", Listen: loopback}, log: slog.New(slog.DiscardHandler)}
	for want, number := range map[string]syscall.Errno{
		"sudo setcap cap_net_bind_service=+ep /":                           syscall.EACCES,
		"another program has it; stop that, or choose another racks.r1.po": syscall.EADDRINUSE,
		"see whether the address is this machine's":                        syscall.EADDRNOTAVAIL,
	} {
		err := s.cannot("TFTP", "tftp", 69, &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", number)})
		if !strings.HasPrefix(err.Error(), "rack r1: TFTP cannot listen on 127.0.0.1:69: ") || !strings.Contains(err.Error(), want) || !errors.Is(err, number) {
			t.Errorf("%v", err)
		}
	}
}
