// Package cluster makes one cluster of several imaging servers.
//
// It decides which racks this server may act on (Leases, by the rules of
// package lease, in the journal's log). Only a lease is a permission, and a
// server without a majority has none for long. It refuses to touch boards:
// the server starts a rack's actors when Leases says that it holds the rack,
// and asks Held before each act.
//
// Package member makes one Leases and runs it with the journal's group; gossip knows who is there, certs has the
// certificates by which servers know each other, ask carries questions between them, house has the boards. DESIGN.md beside this file tells what happens in which
// order, and what remains.
package cluster
