package netboot

import (
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/ipv4"
)

const (
	inboxLines  = 128                  // read with one system call at most
	gatherFor   = 5 * time.Millisecond // how long lines may lie in the kernel, so that one wake-up fetches many
	gatherSpace = 4 << 20              // bytes of kernel buffer that hold what comes meanwhile, whatever the rate
)

// inbox fetches lines that came by UDP, many at a time. Waking up for a line costs more than all that is done with it,
// so an inbox that has emptied the kernel's buffer lets it fill for a moment; a small buffer would overflow meanwhile,
// and is read at once.
type inbox struct {
	conn   *ipv4.PacketConn // of either family: only its batches are used
	batch  []ipv4.Message
	gather time.Duration // 0: the kernel's buffer is too small to wait
	behind bool          // there may be more than the last batch took
	begun  bool
	lost   uint32 // by the kernel's count, as it was last told
}

// newInbox reads conn, whose kernel buffer has space, in bytes.
func newInbox(conn net.PacketConn, space int) *inbox {
	b := &inbox{conn: ipv4.NewPacketConn(conn), batch: make([]ipv4.Message, inboxLines)}
	for i := range b.batch {
		b.batch[i] = ipv4.Message{Buffers: [][]byte{make([]byte, maxLine)}, OOB: make([]byte, 128)}
	}
	if space >= gatherSpace {
		b.gather = gatherFor
	}
	return b
}

// next waits for lines and calls take for each, with its sender; a line is good until take returns. lost are those that
// the kernel dropped since the call before.
func (b *inbox) next(take func(line []byte, from netip.Addr)) (lost uint32, err error) {
	if b.begun && !b.behind {
		time.Sleep(b.gather)
	}
	n, err := b.conn.ReadBatch(b.batch, 0)
	if err != nil {
		return 0, err
	}
	b.begun, b.behind = true, n == len(b.batch)
	for _, m := range b.batch[:n] {
		if from, ok := m.Addr.(*net.UDPAddr); ok {
			take(m.Buffers[0][:m.N], from.AddrPort().Addr().Unmap())
		}
	}
	return b.lossSince(b.batch[:n]), nil
}

// lossSince is what the kernel has dropped since it was last asked; the last of a batch knows of all before it.
func (b *inbox) lossSince(batch []ipv4.Message) (lost uint32) {
	if len(batch) == 0 {
		return 0
	}
	last := batch[len(batch)-1]
	if total, ok := lossOf(last.OOB[:last.NN]); ok {
		lost = total - b.lost // also where the number has wrapped
		b.lost = total
	}
	return lost
}
