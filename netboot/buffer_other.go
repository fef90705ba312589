//go:build !linux

package netboot

import (
	"errors"
	"net"
)

// raiseBuffer asks for a receive buffer, in bytes.
func raiseBuffer(c *net.UDPConn, bytes int) error { return c.SetReadBuffer(bytes) }

// receiveBuffer is not known here.
func receiveBuffer(*net.UDPConn) int { return 0 }

// countLoss is not possible here.
func countLoss(*net.UDPConn) error { return errors.ErrUnsupported }

func lossOf([]byte) (uint32, bool) { return 0, false }
