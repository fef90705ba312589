package systemtest

import (
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"mozpool/actors/board"
	"mozpool/httpapi/client"
)

// deltaSize is a card's size at which a block of 2 MiB is less than 3 % of it.
const deltaSize = 72 << 20

// TestOnlyChangesAreWritten: of an image that differs from what the card has in 1 % of its bytes, at most 3 % are written,
// and the card ends as the image, read back. The card has the image before from an imaging, not from the test.
func TestOnlyChangesAreWritten(t *testing.T) {
	need(t, ARM)
	v2 := NewImage(t, ARM, "v2")
	tail := make([]byte, deltaSize-len(v2.Disk))
	_, _ = rand.NewChaCha8([32]byte{7}).Read(tail) // never fails
	v2.Disk = slices.Concat(v2.Disk, tail)
	// What runs in it calls itself v2, so that it is not asked who it is.
	v3 := Image{Name: "v3", Disk: slices.Clone(v2.Disk), Verify: "{kind: ping, for: 2s}", Limits: v2.Limits}
	changed := v3.Disk[64<<20:][:deltaSize/100]
	for i := range changed {
		changed[i] ^= 0xff
	}
	r := NewRack(t, ARM, 1, v2, v3)
	b := r.Boards[0]
	if err := os.Truncate(b.Disk, deltaSize); err != nil {
		t.Fatal(err)
	}
	path := slices.Concat(toWriting, toReady)
	r.Wish(b, v2)
	r.checkReady(b, v2, path...)
	r.Wish(b, v3)
	r.WaitForState(b, cycle, board.Writing)
	r.checkReady(b, v3, path...)
	if b.Starts() != 2 {
		t.Errorf("started %d times", b.Starts())
	}
	lines, err := r.Server.Log(ctx(t), b.Name, client.LogQuery{})
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`artifact disk: (\d+) of \d+ bytes differ on the card`)
	var written []int
	for _, l := range lines {
		if m := said.FindStringSubmatch(l.Text); m != nil {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				t.Fatal(err)
			}
			written = append(written, n)
		}
	}
	if len(written) == 0 || written[len(written)-1] > deltaSize*3/100 || written[len(written)-1] < deltaSize/100 {
		t.Errorf("written of %d bytes: %v", deltaSize, written)
	}
	t.Logf("written: %v of %d bytes", written, deltaSize)
}
