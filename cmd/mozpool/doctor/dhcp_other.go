//go:build !linux

package doctor

import (
	"context"
	"net"
)

func listenDHCP(context.Context, string) (net.PacketConn, error) { return nil, errSystem }
