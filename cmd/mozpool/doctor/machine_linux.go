package doctor

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// staUnsync is STA_UNSYNC of adjtimex(2).
const staUnsync = 0x40

// synchronised asks the kernel whether somebody disciplines its clock; that needs no privilege.
func synchronised() (bool, error) {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return false, fmt.Errorf("ask the kernel for its clock: %w", err)
	}
	return t.Status&staUnsync == 0, nil
}

// space is what is free for a server that is not root, and all there is, in bytes.
func space(dir string) (free, total uint64, err error) {
	var f unix.Statfs_t
	if err := unix.Statfs(dir, &f); err != nil {
		return 0, 0, fmt.Errorf("ask for the space of %s: %w", dir, err)
	}
	return f.Bavail * uint64(f.Bsize), f.Blocks * uint64(f.Bsize), nil
}
