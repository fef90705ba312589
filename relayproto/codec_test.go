package relayproto

import (
	"bytes"
	"errors"
	"testing"
)

// wires are the bytes of the data sheet, one of each kind and the edges.
var wires = []struct {
	command Command
	wire    []byte
}{
	{Command{Verb: Test}, []byte{0xFE, 33}},
	{Command{Release, Relay{1, 1}}, []byte{0xFE, 100, 1}},
	{Command{Release, Relay{4, 8}}, []byte{0xFE, 107, 4}},
	{Command{Energise, Relay{1, 1}}, []byte{0xFE, 108, 1}},
	{Command{Energise, Relay{2, 8}}, []byte{0xFE, 115, 2}},
	{Command{ReadCoil, Relay{3, 1}}, []byte{0xFE, 116, 3}},
	{Command{ReadCoil, Relay{4, 8}}, []byte{0xFE, 123, 4}},
}

func TestCommandsOnTheWire(t *testing.T) {
	for _, c := range wires {
		if wire, err := c.command.Encode(); err != nil || !bytes.Equal(wire, c.wire) {
			t.Errorf("%v: % d, %v; want % d", c.command, wire, err, c.wire)
		}
		more := append(bytes.Clone(c.wire), 0xFE)
		if back, n, err := DecodeCommand(more); err != nil || n != len(c.wire) || back != c.command {
			t.Errorf("% d: %v, %d, %v; want %v", more, back, n, err, c.command)
		}
		for cut := range len(c.wire) {
			if _, n, err := DecodeCommand(c.wire[:cut]); n != 0 || err != nil {
				t.Errorf("% d: %d, %v; want more to be waited for", c.wire[:cut], n, err)
			}
		}
	}
}

func TestNoCommand(t *testing.T) {
	for _, c := range []Command{{Release, Relay{0, 1}}, {Energise, Relay{5, 1}}, {ReadCoil, Relay{1, 0}},
		{Release, Relay{1, 9}}, {Verb(9), Relay{1, 1}}} {
		if wire, err := c.Encode(); err == nil {
			t.Errorf("%v became % d", c, wire)
		}
	}
	for _, wire := range [][]byte{{0}, {0x55, 0xFE}, {0xFE, 99}, {0xFE, 124}, {0xFE, 32}, {0xFE, 100, 0}, {0xFE, 100, 5}} {
		if c, _, err := DecodeCommand(wire); !errors.Is(err, ErrNonsense) {
			t.Errorf("% d: %v, %v; want nonsense", wire, c, err)
		}
	}
}

func TestReplies(t *testing.T) {
	for reply := range 256 {
		b := byte(reply)
		for _, verb := range []Verb{Test, Release, Energise} {
			on, err := Command{Verb: verb}.DecodeReply(b)
			if on || (err == nil) != (b == 0x55) || err != nil && !errors.Is(err, ErrNonsense) {
				t.Errorf("%s answered by %d: %v, %v", verb, b, on, err)
			}
		}
		energised, err := Command{Verb: ReadCoil}.DecodeReply(b)
		if (err == nil) != (b < 2) || energised != (b == 1) {
			t.Errorf("read answered by %d: %v, %v", b, energised, err)
		}
	}
}

func TestEncodedRepliesDecode(t *testing.T) {
	for _, verb := range []Verb{Test, Release, Energise, ReadCoil} {
		for _, coil := range []bool{false, true} {
			c := Command{Verb: verb}
			got, err := c.DecodeReply(c.EncodeReply(coil))
			if err != nil || got != (coil && verb == ReadCoil) {
				t.Errorf("%s, coil %v: %v, %v", verb, coil, got, err)
			}
		}
	}
}

func TestVerbNames(t *testing.T) {
	for verb, want := range map[Verb]string{Test: "test", Release: "release", Energise: "energise", ReadCoil: "read", 9: "verb 9"} {
		if verb.String() != want {
			t.Errorf("%d is %q; want %q", int(verb), verb, want)
		}
	}
}

func FuzzDecodeReply(f *testing.F) {
	f.Add(uint8(0), byte(0x55))
	f.Add(uint8(3), byte(1))
	f.Fuzz(func(t *testing.T, verb uint8, reply byte) {
		c := Command{Verb: Verb(verb % 4)}
		coil, err := c.DecodeReply(reply)
		if err == nil && c.EncodeReply(coil) != reply {
			t.Fatalf("%s: %d was taken for %v", c.Verb, reply, coil)
		}
	})
}
