package crash

import (
	"testing"

	"mozpool/netboot/boardsim"
)

// TestEveryProof puts an image of each kind of proof on a board of its own; ping is tested where real boards are.
func TestEveryProof(t *testing.T) {
	kinds := []string{"quiet", "tcp", "http", "unproven", "v2"}
	r := newRack(t, len(kinds))
	r.start()
	wanted := map[string]string{}
	for i, image := range kinds {
		name := boardsim.NameOf(i + 1)
		wanted[name] = image
		if r.wish(name, "image:"+image, name) == 0 {
			t.Fatalf("%s was not acknowledged", image)
		}
	}
	r.until("every board is ready", func() bool {
		all, ok := r.list()
		for _, b := range all {
			ok = ok && b.State == "ready" && b.Image == wanted[b.Name]
		}
		return ok
	})
	for i, image := range kinds {
		b := r.boards.Boards[i]
		if up := b.Count(boardsim.ImageUp); image != "unproven" && image != "quiet" && up == 0 {
			t.Errorf("%s is ready, but its image never came up", image)
		}
	}
	if len(r.broken) > 0 {
		t.Errorf("rules were broken: %v", r.broken)
	}
}

// TestAProofThatFails: an image that answers otherwise than it should is tried again, and never called ready.
func TestAProofThatFails(t *testing.T) {
	r := newRack(t, 1)
	r.start()
	if err := r.boards.Boards[0].FailNext(boardsim.AtImage, boardsim.Hangs); err != nil {
		t.Fatal(err)
	}
	if r.wish("board1", "image:tcp", "k") == 0 {
		t.Fatal("not acknowledged")
	}
	r.until("the proof has failed once and then held", func() bool {
		all, ok := r.list()
		return ok && all[0].State == "ready" && r.boards.Boards[0].Count(boardsim.Fault) > 0
	})
	if n := r.boards.Boards[0].Count(boardsim.PoweredOff); n != 2 {
		t.Errorf("lost its power %d times, not for the image and for the failed proof", n)
	}
}
