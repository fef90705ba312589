// Package firstrack executes what the README's section "Your first rack" says, command by command, in the order in which
// it is written there, with a real server process and a simulated board. It has tests only: a command that the README
// gains needs a word here about what it is to do, and one that it loses is missed.
package firstrack
