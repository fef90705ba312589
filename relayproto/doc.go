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
//
// The commands that read or switch a whole bank are left out on purpose. What
// is published about them does not agree on the answer: one bare byte, the same
// byte in a frame with a checksum, or, on later controllers, the bank and its
// state also where earlier ones answer "done". Every value of the bare byte is
// legal, so a reply that is out of step could not be told from a true one. And
// a bank is written as one mask of eight relays: a neighbour's relay that was
// switched between our read and our write would be set back. Single-relay
// commands on one connection cost milliseconds each; the second of rest after
// a connection is what a chassis waits for.
package relayproto
