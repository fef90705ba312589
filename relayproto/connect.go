package relayproto

import (
	"context"
	"fmt"
	"net"
	"time"
)

// Conn is a TCP connection that the kernel resets if this process dies, that
// gives bytes up which stay unacknowledged for 700 ms, and whose Close ends it
// in order.
type Conn struct{ *net.TCPConn }

// Connect opens one to "host:port" from the local address source (nil: the
// system chooses), within the context's deadline. Errors are those of Dial. It
// is for switches of other kinds that are reached by TCP (see power): what
// holds for a command of a dead process to a relay board holds for theirs.
func Connect(ctx context.Context, address string, source net.IP) (Conn, error) {
	tcp, err := connect(ctx, address, source)
	if err != nil {
		return Conn{}, fmt.Errorf("connect to %s: %w", address, err)
	}
	return Conn{tcp}, nil
}

// Close ends the connection with a FIN, not with the reset that is kept for a
// dying process.
func (c Conn) Close() error {
	lingerErr := orderly(c.TCPConn)
	if err := c.TCPConn.Close(); err != nil {
		return err
	}
	return lingerErr
}

// connectTimeout bounds a connect within the exchange's deadline: nobody on a local network needs longer, and whoever
// waits for the relay board is to hear of it soon. Two lost SYNs fit.
const connectTimeout = 4 * time.Second

func connect(ctx context.Context, address string, source net.IP) (*net.TCPConn, error) {
	dialer := net.Dialer{Control: guard, KeepAlive: -1, Timeout: connectTimeout}
	if source != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: source}
	}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, dialError(ctx, err)
	}
	return conn.(*net.TCPConn), nil
}
