// Package relayproto speaks the ProXR byte protocol of National Control
// Devices' relay boards over TCP: a pure codec, and a client that switches
// relays and reads back what it did.
//
// It decides what is on the wire, how long one exchange may take, and which of
// six errors a failure is. It refuses to retry, to queue, to decide whether a
// board ought to have power, and to trust a "done" that the read-back does not
// confirm: those belong to its callers, the relay-board actor and the command
// line's --direct.
//
// The words on and off in exported names always mean that the board has power
// or has none. Boards hang on the normally-closed contact, so the coil is
// energised to take a board's power away; where the coil itself is meant, the
// codec says Energise and Release.
package relayproto
