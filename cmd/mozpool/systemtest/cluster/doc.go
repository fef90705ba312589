// Package cluster kills, freezes, restarts and parts servers of a real cluster, each a process of its own, while they image
// simulated boards, and holds what the relays and boards themselves recorded against what the servers say. It has tests
// only.
package cluster
