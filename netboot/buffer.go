package netboot

import (
	"fmt"
	"net"
)

// raiseBuffer asks the kernel for a larger receive buffer, in bytes, and remarks on a smaller one: what does not fit while
// we are busy is lost.
func (s *Server) raiseBuffer(c *net.UDPConn, what string, wanted int) {
	if err := raiseBuffer(c, wanted); err != nil {
		s.log.Warn(what+": the receive buffer could not be raised", "wanted", wanted, "error", err)
	} else if got := receiveBuffer(c); got > 0 && got < wanted {
		s.log.Info(what+": the kernel permits a smaller receive buffer; raise net.core.rmem_max for large racks", "wanted", wanted, "got", got)
	}
}

// ReceiveBuffer tries what this process would be given for the largest of a rack's listeners, in bytes; got 0: the system
// does not say. The doctor asks it.
func ReceiveBuffer() (wanted, got int, err error) {
	c, err := net.ListenUDP("udp", nil)
	if err != nil {
		return syslogBuffer, 0, fmt.Errorf("open a socket: %w", err)
	}
	defer func() { _ = c.Close() }() // nothing was sent
	if err := raiseBuffer(c, syslogBuffer); err != nil {
		return syslogBuffer, 0, fmt.Errorf("raise the receive buffer: %w", err)
	}
	return syslogBuffer, receiveBuffer(c), nil
}
