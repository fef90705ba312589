package tftp

const largestReply = 516 // of a client: an ACK has 4 bytes, an ERROR some more

// wire is how packets of a transfer get out. What is sent has left the caller's memory when a call returns, so that nothing
// of it is ever reused before it is on the wire. What the network or a full queue drops is no error.
type wire interface {
	// blocks sends a run of blocks, each with its header.
	blocks(s span) error
	// packet sends anything else.
	packet(p []byte)
}
