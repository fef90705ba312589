package systemtest

import (
	"os"
	"slices"
	"testing"
	"time"
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
// "live build", image written and read back, the card booted, /up, ready. Its
// U-Boot asks for windows of 16 blocks; those of all other tests go block by block.
func TestARMBoard(t *testing.T) {
	m := ARM
	m.loader = Windows
	r, b := firstLight(t, m)
	r.checkLog(b, " in windows of 16")
}

// TestX86Board is the same for a PC, whose firmware and PXELINUX ask for other
// files in another order, and which starts its disk by itself.
func TestX86Board(t *testing.T) { firstLight(t, X86) }

// TestIPXEBoard is the same for a PC that boots by iPXE alone: chain, script, files by HTTP, and exit to its disk.
func TestIPXEBoard(t *testing.T) {
	r, b := firstLight(t, IPXE)
	r.checkLog(b, "asked for its iPXE script: got its iPXE script of boot 1", "asked for its iPXE script: there was none for it")
	if b.Said("PXELINUX") {
		t.Error("it booted by another loader")
	}
}

func firstLight(t *testing.T, m Machine) (*Rack, *Board) {
	t.Helper()
	need(t, m)
	v2 := NewImage(t, m, "v2")
	r := NewRack(t, m, 1, v2)
	b := r.Boards[0]
	r.Wish(b, v2)
	r.checkReady(b, v2, slices.Concat(toWriting, toReady)...)
	if b.Starts() != 1 {
		t.Errorf("powered on %d times", b.Starts())
	}
	if !b.Said("RUNNING: the server knows") {
		t.Error("the written image is not what runs")
	}
	r.checkLog(b, "live environment is up", "is on /dev/vda (read back: full)", "rebooting to the card")
	r.checkEntryGone(b)
	return r, b
}
