package netboot

import "net"

// raiseBuffer asks the kernel for a larger receive buffer, in bytes, and remarks on a smaller one: what does not fit while
// we are busy is lost.
func (s *Server) raiseBuffer(c *net.UDPConn, what string, wanted int) {
	if err := raiseBuffer(c, wanted); err != nil {
		s.log.Warn(what+": the receive buffer could not be raised", "wanted", wanted, "error", err)
	} else if got := receiveBuffer(c); got > 0 && got < wanted {
		s.log.Info(what+": the kernel permits a smaller receive buffer; raise net.core.rmem_max for large racks", "wanted", wanted, "got", got)
	}
}
