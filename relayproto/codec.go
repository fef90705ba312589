package relayproto

import "fmt"

// Bytes of the protocol. A command is prefix, code, and (but for the two-way
// test) the bank, from 1.
const (
	prefix         byte = 0xFE
	codeTest       byte = 33
	codeRelease    byte = 99  // + relay number
	codeEnergise   byte = 107 // + relay number
	codeReadRelay  byte = 115 // + relay number
	replyDone      byte = 0x55
	replyReleased  byte = 0
	replyEnergised byte = 1
)

// Verb is what a command does to, or asks of, a relay's coil.
type Verb int

// The verbs of the protocol that mozpool uses.
const (
	// Test asks for a sign of life; it names no relay.
	Test Verb = iota
	// Release lets the coil go: a board on the normally-closed contact has power.
	Release
	// Energise pulls the coil: a board on the normally-closed contact is off.
	Energise
	// ReadCoil asks whether the coil is energised.
	ReadCoil
)

// String names the verb as it stands in attempts and logs.
func (v Verb) String() string {
	switch v {
	case Test:
		return "test"
	case Release:
		return "release"
	case Energise:
		return "energise"
	case ReadCoil:
		return "read"
	}
	return fmt.Sprintf("verb %d", int(v))
}

// Command is one command of the protocol.
type Command struct {
	Verb  Verb
	Relay Relay // zero for Test
}

// Encode gives the command's two or three bytes, to be written in one piece
// (firmware 3.2 ignores a command that comes in two segments). It fails only
// for a relay or verb that does not exist.
func (c Command) Encode() ([]byte, error) {
	if c.Verb == Test {
		return []byte{prefix, codeTest}, nil
	}
	if err := c.Relay.Validate(); err != nil {
		return nil, fmt.Errorf("encode %s: %w", c.Verb, err)
	}
	base, err := c.Verb.base()
	if err != nil {
		return nil, err
	}
	return []byte{prefix, base + byte(c.Relay.Number), byte(c.Relay.Bank)}, nil
}

func (v Verb) base() (byte, error) {
	switch v {
	case Release:
		return codeRelease, nil
	case Energise:
		return codeEnergise, nil
	case ReadCoil:
		return codeReadRelay, nil
	case Test:
	}
	return 0, fmt.Errorf("encode: %s names no relay command", v)
}

// DecodeCommand reads the command at the head of b and how many bytes it took.
// 0 and no error: b is a command's beginning, more must come. The error is
// ErrNonsense: b begins with no command of the protocol.
func DecodeCommand(b []byte) (Command, int, error) {
	if len(b) == 0 || len(b) == 1 && b[0] == prefix {
		return Command{}, 0, nil
	}
	if b[0] != prefix {
		return Command{}, 0, fmt.Errorf("%w: command begins with 0x%02x, not 0x%02x", ErrNonsense, b[0], prefix)
	}
	if b[1] == codeTest {
		return Command{Verb: Test}, 2, nil
	}
	verb, number, ok := split(b[1])
	if !ok {
		return Command{}, 0, fmt.Errorf("%w: command code %d", ErrNonsense, b[1])
	}
	if len(b) < 3 {
		return Command{}, 0, nil
	}
	c := Command{Verb: verb, Relay: Relay{Bank: int(b[2]), Number: number}}
	if err := c.Relay.Validate(); err != nil {
		return Command{}, 0, fmt.Errorf("%w: %w", ErrNonsense, err)
	}
	return c, 3, nil
}

func split(code byte) (Verb, int, bool) {
	switch {
	case code > codeRelease && code <= codeRelease+MaxNumber:
		return Release, int(code - codeRelease), true
	case code > codeEnergise && code <= codeEnergise+MaxNumber:
		return Energise, int(code - codeEnergise), true
	case code > codeReadRelay && code <= codeReadRelay+MaxNumber:
		return ReadCoil, int(code - codeReadRelay), true
	}
	return 0, 0, false
}

// EncodeReply gives the byte that answers c; energised counts for ReadCoil only.
func (c Command) EncodeReply(energised bool) byte {
	if c.Verb != ReadCoil {
		return replyDone
	}
	if energised {
		return replyEnergised
	}
	return replyReleased
}

// DecodeReply judges the byte that answered c. For ReadCoil it says whether the
// coil is energised; for the others "done" is false and nil. Every other byte
// is ErrNonsense.
func (c Command) DecodeReply(b byte) (energised bool, err error) {
	switch {
	case c.Verb != ReadCoil && b == replyDone:
		return false, nil
	case c.Verb == ReadCoil && (b == replyEnergised || b == replyReleased):
		return b == replyEnergised, nil
	}
	return false, fmt.Errorf("%w: 0x%02x answered %s", ErrNonsense, b, c.Verb)
}
