// Package board is a board's life: one table and one pure function.
//
// It decides, for a board in a state and one input (an answer of the relay, something the board did, a limit that
// ran out, a wish of a person), what the board's next state is, what has to be stored, and which effects follow once
// it is stored. It reads no clock, opens no socket, touches no disk and writes no log: time and randomness come with
// the input, effects go back as values. The board actor (package actors) is its only caller: it commits the Board
// that Step returns and only then performs the effects, and after a restart it feeds Resume.
//
// Two numbers keep late answers out. Visit rises at every entry into a state; timers, relay answers and probes carry
// it. Boot rises each time a network boot is decided and has a fresh token; whatever a board says carries that token.
//
// The whole life is in table.go; testdata/board.md and testdata/board.dot are drawn from it by a golden test.
package board
