//go:build !unix

package netboot

// openNonblock: there are no named pipes in folders here.
const openNonblock = 0
