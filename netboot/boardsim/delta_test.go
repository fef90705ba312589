package boardsim

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mozpool/netboot/live"
)

const testBlock = 64 << 10

// listed gives the server an artifact's list of blocks, and the blocks.
func (s *server) listed(a *live.Artifact, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list strings.Builder
	n := 0
	for b := range slices.Chunk(content, testBlock) {
		list.WriteString(digest(b))
		if !bytes.ContainsFunc(b, func(r rune) bool { return r != 0 }) {
			list.WriteString(" 0")
		}
		list.WriteByte('\n')
		s.files[fmt.Sprintf("blocks/%s/%d", a.Name, n)] = b
		n++
	}
	s.files["blocks/"+a.Name] = []byte(list.String())
	a.Blocks, a.BlocksSHA256, a.BlockSize = "blocks/"+a.Name, digest([]byte(list.String())), testBlock
}

// zeroed has zeros in some blocks; it would not boot, which is not asked here.
func zeroed(content []byte, blocks []int) []byte {
	for _, n := range blocks {
		clear(content[n*testBlock : (n+1)*testBlock])
	}
	return content
}

// TestOnlyChangesAreWritten: as real boards do, a board writes what its card has not, says how much it had, and ends with
// the image; few blocks come one by one, and a card that has too little is written in full.
func TestOnlyChangesAreWritten(t *testing.T) {
	t.Parallel()
	const all = imageSize / testBlock
	for name, c := range map[string]struct {
		other   []int // blocks that the card has otherwise
		zeros   []int // blocks of the image that are zeros
		pack    live.Pack
		spoil   func(s *server)
		kept    int // blocks
		fetched int // blocks
		whole   int // artifacts
	}{
		"nothing":        {kept: all},
		"nothing packed": {kept: all, pack: live.GZ},
		"two blocks":     {other: []int{0, all - 1}, kept: all - 2, fetched: 2},
		"zeros":          {other: []int{7, 8}, zeros: []int{7, 8}, kept: all - 2},
		"packed":         {other: []int{3, 9}, pack: live.GZ, kept: all - 2, whole: 1},
		"most of it":     {other: []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, kept: all - 9, whole: 1},
		"no list":        {spoil: func(s *server) { s.answer("blocks/system", 404) }, whole: 1},
		"another list":   {spoil: func(s *server) { s.files["blocks/system"] = []byte(digest(nil) + "\n") }, whole: 1},
		"broken off": {other: []int{4}, kept: all - 1, fetched: 2, spoil: func(s *server) {
			s.answer("blocks/system/4", 503, 200)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			content := zeroed(makeImage(t, Image{Name: "v2"}), c.zeros)
			a := s.put("system", "p2", live.None, content, content)
			if c.pack == live.GZ {
				a = s.packed(t, "system", "p2", content)
			}
			s.listed(&a, content)
			if c.spoil != nil {
				c.spoil(s)
			}
			s.order(t, a)
			b := newBoard(t, s, nil)
			card := bytes.Clone(content)
			for _, n := range c.other {
				card[n*testBlock+5] ^= 0xff
			}
			if _, err := b.card.f.WriteAt(append(card, "behind"...), partition2); err != nil {
				t.Fatal(err)
			}
			b.PowerOn()
			b.wait(t, Rebooting, 1)
			got := make([]byte, len(content)+len("behind"))
			if _, err := b.card.f.ReadAt(got, partition2); err != nil || !bytes.Equal(got, append(bytes.Clone(content), "behind"...)) {
				t.Errorf("the card is not what was to be written, %v", err)
			}
			want := fmt.Sprintf("event/rebooting?readback=system%%3Afull%%3A%s&skipped=%d", digest(content), c.kept*testBlock)
			if c.kept == 0 {
				want = "event/rebooting?readback=system%3Afull%3A" + digest(content)
			}
			if n := s.asked(want); n != 1 || s.asked("event/writing") == 0 {
				t.Errorf("%v", s.story())
			}
			if s.asked("blocks/system/") != c.fetched || s.asked("artifact/system") != c.whole {
				t.Errorf("%d blocks and %d artifacts fetched: %v", s.asked("blocks/system/"), s.asked("artifact/system"), s.story())
			}
		})
	}
}

// TestOtherCard: a card of many blocks that has nothing of the image is not read in full first.
func TestOtherCard(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	content := makeImage(t, Image{Name: "v2"})
	a := s.put("system", "p2", live.None, content, content)
	s.listed(&a, content)
	a.BlockSize = testBlock / 2 // 32 blocks of them, none of which the card has
	var list strings.Builder
	for b := range slices.Chunk(content, testBlock/2) {
		list.WriteString(digest(b) + "\n")
	}
	s.files["blocks/system"], a.BlocksSHA256 = []byte(list.String()), digest([]byte(list.String()))
	s.order(t, a)
	b := newBoard(t, s, nil)
	b.runs(t, Image{Name: "v1"})
	b.PowerOn()
	b.wait(t, Rebooting, 1)
	if b.Count(Compared) != 0 || s.asked("artifact/system") != 1 || s.asked("blocks/system/") != 0 {
		t.Errorf("%v", s.story())
	}
}

// TestWrongBlock: a block with another hash is fetched once more, and is never written.
func TestWrongBlock(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	content := makeImage(t, Image{Name: "v2"})
	a := s.put("system", "p2", live.None, content, content)
	s.listed(&a, content)
	s.files["blocks/system/4"] = make([]byte, testBlock)
	s.order(t, a)
	b := newBoard(t, s, nil)
	card := bytes.Clone(content)
	card[4*testBlock] ^= 0xff
	if _, err := b.card.f.WriteAt(card, partition2); err != nil {
		t.Fatal(err)
	}
	b.PowerOn()
	b.wait(t, Fault, 1)
	if !strings.Contains(b.fault(0), "server: a block of system arrived twice") || s.asked("blocks/system/4") != 2 {
		t.Errorf("%s, %v", b.fault(0), s.story())
	}
	got := make([]byte, len(content))
	if _, err := b.card.f.ReadAt(got, partition2); err != nil || !bytes.Equal(got, card) {
		t.Errorf("it was written, %v", err)
	}
}

// TestWrongArtifact: of an artifact that is not what the list says, no block is written.
func TestWrongArtifact(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	content := makeImage(t, Image{Name: "v2"})
	a := s.packed(t, "system", "p2", content)
	s.listed(&a, content)
	other := s.packed(t, "system", "p2", makeImage(t, Image{Name: "v3"}))
	a.SHA256, a.Size = other.SHA256, other.Size
	s.order(t, a)
	b := newBoard(t, s, nil)
	card := bytes.Clone(content)
	card[4*testBlock] ^= 0xff
	if _, err := b.card.f.WriteAt(card, partition2); err != nil {
		t.Fatal(err)
	}
	b.PowerOn()
	eventually(t, "asked again", func() bool { return s.asked("artifact/system") >= 2 })
	b.PowerOff()
	b.wait(t, PoweredOff, 1)
	got := make([]byte, len(content))
	if _, err := b.card.f.ReadAt(got, partition2); err != nil || !bytes.Equal(got, card) {
		t.Errorf("it was written, %v", err)
	}
}

// TestBreaksWithNothingToWrite: chance finds a board that has nothing to write, too.
func TestBreaksWithNothingToWrite(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	content := makeImage(t, Image{Name: "v2"})
	a := s.put("system", "p2", live.None, content, content)
	s.listed(&a, content)
	s.order(t, a)
	b := newBoard(t, s, nil)
	b.runs(t, Image{Name: "v2"})
	if err := b.FailNext(AtWrite, Resets); err != nil {
		t.Fatal(err)
	}
	b.PowerOn()
	b.wait(t, Rebooting, 1)
	if b.Count(CutInWrite) != 1 || b.Count(Compared) != 2 {
		t.Errorf("%v", b.story())
	}
}
