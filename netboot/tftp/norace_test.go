//go:build !race

package tftp

// underRace says that the race detector is on.
const underRace = false
