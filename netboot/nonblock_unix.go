//go:build unix

package netboot

import "syscall"

// openNonblock keeps a named pipe that somebody put into boot/ from holding a transfer for ever.
const openNonblock = syscall.O_NONBLOCK
