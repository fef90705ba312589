// Package hostile attacks a real server process as strangers, broken boards, full disks and careless people do, while
// simulated boards are imaged by it. Each test asserts a clear answer (the thing and the remedy) and that nothing moved
// that should not: the board's visit and the relay's journal. It has tests only, and needs no root: a full and a
// read-only disk are real ones in a namespace, and are skipped where the machine allows none.
package hostile
