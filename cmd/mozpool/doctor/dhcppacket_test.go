package doctor

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

// offerPacket is what a DHCP server answers to a question.
func offerPacket(question []byte, server, next netip.Addr) []byte {
	p := make([]byte, bootp)
	p[0] = 2
	copy(p[4:8], question[4:8])
	copy(p[20:24], next.AsSlice())
	p = binary.BigEndian.AppendUint32(p, cookie)
	p = append(p, 0, 51, 4, 0, 0, 14, 16, optMessage, 1, typeOffer, optServer, 4) // padding and the time of the lease come first
	return append(append(p, server.AsSlice()...), optEnd)
}

func TestOffer(t *testing.T) {
	t.Parallel()
	question := discoverPacket(7, probeMAC(7))
	want := offer{server: netip.MustParseAddr("10.91.0.3"), next: netip.MustParseAddr("10.91.0.1")}
	p := offerPacket(question, want.server, want.next)
	if got, ok := parseOffer(p, 7); !ok || got != want {
		t.Errorf("got %+v, %v", got, ok)
	}
	if _, ok := parseOffer(p, 8); ok {
		t.Error("took the answer to another's question")
	}
	if _, ok := parseOffer(question, 7); ok {
		t.Error("took a question for an answer")
	}
	for n := range p[:len(p)-1] { // without its end mark it is whole
		if _, ok := parseOffer(p[:n], 7); ok {
			t.Errorf("took %d of %d bytes for an offer", n, len(p))
		}
	}
}

func FuzzOffer(f *testing.F) {
	f.Add(offerPacket(discoverPacket(7, probeMAC(7)), netip.MustParseAddr("10.91.0.3"), netip.IPv4Unspecified()))
	f.Fuzz(func(t *testing.T, p []byte) {
		if o, ok := parseOffer(p, 7); ok && !o.server.IsValid() {
			t.Errorf("an offer of nobody: %x", p)
		}
	})
}
