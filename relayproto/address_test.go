package relayproto

import (
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	good := map[string]string{
		"10.91.0.2:2101:bank1:relay1":  "10.91.0.2:2101:bank1:relay1",
		"relay-1.example:bank4:relay8": "relay-1.example:2101:bank4:relay8",
		"[fe80::1]:99:bank2:relay3":    "[fe80::1]:99:bank2:relay3",
	}
	for in, want := range good {
		if a, err := ParseAddress(in); err != nil || a.String() != want {
			t.Errorf("%q: %v, %v; want %s", in, a, err, want)
		}
	}
	for _, in := range []string{"", "h", "h:bank1", ":bank1:relay1", "h:bank0:relay1", "h:bank5:relay1",
		"h:bank1:relay9", "h:bank01:relay1", "h:0:bank1:relay1", "h:65536:bank1:relay1", "h::bank1:relay1",
		"h:relay1:bank1", "a b:bank1:relay1", "[::1:bank1:relay1", "h:bank1:relay+1"} {
		_, err := ParseAddress(in)
		if err == nil || !strings.Contains(err.Error(), "write it as") {
			t.Errorf("%q: %v; want an error with the remedy", in, err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("10.91.0.2:2101:bank1:relay1")
	f.Add("[::1]:bank4:relay8")
	f.Fuzz(func(t *testing.T, in string) {
		a, err := ParseAddress(in)
		if err != nil {
			return
		}
		if b, err := ParseAddress(a.String()); err != nil || a != b {
			t.Fatalf("%q became %q: %v, %v", in, a, b, err)
		}
	})
}

func FuzzDecodeCommand(f *testing.F) {
	f.Add([]byte{0xFE, 33})
	f.Add([]byte{0xFE, 108, 1})
	f.Fuzz(func(t *testing.T, in []byte) {
		c, n, err := DecodeCommand(in)
		if err != nil || n == 0 {
			return
		}
		if wire, err := c.Encode(); err != nil || string(wire) != string(in[:n]) {
			t.Fatalf("% x became % x: %v", in[:n], wire, err)
		}
	})
}
