// Package actors keeps the boards of this server: one actor a board, one a relay board, and what they share in a rack.
//
// It decides when a board's change is durable, when its effects may leave, when its limits run out, and whose turn it
// is at a relay board or in a rack's power budget. What a change is, package board decides; the actor feeds Step,
// commits what it returns, and only then acts. It refuses to wait: slow work (disk, relays, probes, hashing) runs
// outside and comes back as a message that carries its visit.
//
// Fleet is the front door. httpapi and netboot read it without locks (every board is published after each commit), and
// tell it what people wish and what boards do. DESIGN.md beside this file has the order of things and why.
package actors
