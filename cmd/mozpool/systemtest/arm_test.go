package systemtest

import (
	"os"
	"testing"
	"time"

	"mozpool/actors/board"
)

func TestMain(m *testing.M) {
	code, done := Enter()
	if !done {
		code = m.Run()
	}
	os.Exit(code)
}

// cycle is how long a board may take from the wish to ready: 15 s on an idle machine.
const cycle = 4 * time.Minute

// TestARMBoard is the whole way on a real board: entry, live environment from
// "live build", image written and read back, the card booted, /up, ready.
func TestARMBoard(t *testing.T) {
	need(t, ARM)
	v2 := NewImage(t, ARM, "v2")
	r := NewRack(t, ARM, 1, v2)
	b := r.Boards[0]
	r.Wish(b, v2)
	r.checkReady(b, v2, board.Cutting, board.Powering, board.Booting, board.Live, board.Downloading, board.Writing,
		board.Restarting, board.Verifying, board.Ready)
	if b.Starts() != 1 {
		t.Errorf("powered on %d times", b.Starts())
	}
	if !b.Said("RUNNING: the server knows") {
		t.Error("the written image is not what runs")
	}
	r.checkLog(b, "live environment is up", "is on /dev/vda (read back: full)", "rebooting to the card")
	r.checkEntryGone(b)
}
