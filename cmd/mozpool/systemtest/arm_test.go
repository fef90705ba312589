package systemtest

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"mozpool/actors/board"
	"mozpool/httpapi/client"
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
	seen := r.WaitForState(b, cycle, board.Ready)
	if seen.Image != "v2" {
		t.Errorf("ready with image %q", seen.Image)
	}
	if !b.Holds(v2.Disk) {
		t.Error("the card is not, byte for byte, the image")
	}
	want := []board.State{board.Cutting, board.Powering, board.Booting, board.Live, board.Downloading, board.Writing, board.Restarting, board.Verifying, board.Ready}
	if path := r.Path(b, seen.Attempt); !slices.Equal(path, want) {
		t.Errorf("went through %v, want %v", path, want)
	}
	if b.Starts() != 1 {
		t.Errorf("powered on %d times", b.Starts())
	}
	if !b.Said("RUNNING: the server knows") {
		t.Error("the written image is not what runs")
	}
	lines, err := r.Server.Log(ctx(t), b.Name, client.LogQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"live environment is up", "is on /dev/vda (read back: full)", "rebooting to the card"} {
		if !strings.Contains(logText(lines), text) {
			t.Errorf("no line %q in the board's log:\n%s", text, logText(lines))
		}
	}
}
