package live

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const testBlock = 65536 // MP_CHUNK of these boards

// listed gives an artifact's list of blocks, and the blocks, to the board's server.
func (b *board) listed(name string, content []byte) {
	a := &b.vars.Artifacts[slices.IndexFunc(b.vars.Artifacts, func(a Artifact) bool { return a.Name == name })]
	var list strings.Builder
	n := 0
	for block := range slices.Chunk(content, testBlock) {
		list.WriteString(digest(block))
		if !bytes.ContainsFunc(block, func(r rune) bool { return r != 0 }) {
			list.WriteString(" 0")
		} else {
			b.srv.files[fmt.Sprintf("blocks/%s/%d", name, n)] = block
		}
		list.WriteByte('\n')
		n++
	}
	b.srv.files["blocks/"+name] = []byte(list.String())
	a.Blocks, a.BlocksSHA256, a.BlockSize = "blocks/"+name, digest([]byte(list.String())), testBlock
}

// deltaContent is 40 blocks and a bit, some of them zeros.
func deltaContent() []byte {
	content := noise(40*testBlock + 777)
	clear(content[20*testBlock : 22*testBlock])
	return content
}

// TestOnlyChangesAreWritten images a card that has most of the image already, packed or not: what it has is not written
// again, what differs is, beyond the image nothing is touched, and what is not packed is fetched block by block.
func TestOnlyChangesAreWritten(t *testing.T) {
	t.Parallel()
	const length = 40*testBlock + 777
	for name, c := range map[string]struct {
		changed []int // bytes that differ on the card
		kind    Pack
		free    string
		skipped int
		fetched int // blocks
	}{
		"nothing":     {nil, None, "MP_FREE_KB=1000000", length, 0},
		"nothing, gz": {nil, GZ, "MP_FREE_KB=1", length, 0},
		"packed":      {[]int{5 * testBlock, length - 1}, GZ, "MP_FREE_KB=1000000", length - testBlock - 777, 0},
		"streamed":    {[]int{5*testBlock + 9, 6*testBlock - 1}, GZ, "MP_FREE_KB=1", length - testBlock, 0},
		"two blocks":  {[]int{5*testBlock + 9, 6*testBlock + 9}, None, "MP_FREE_KB=1", length - 2*testBlock, 2},
		"first, last": {[]int{0, length - 1}, None, "MP_FREE_KB=1000000", length - testBlock - 777, 2},
		"zeros":       {[]int{20 * testBlock, 21*testBlock + 5}, None, "MP_FREE_KB=1000000", length - 2*testBlock, 0},
		"half of it":  {everySecond(40), None, "MP_FREE_KB=1000000", 20*testBlock + 777, 19},
	} {
		onShells(t, func(t *testing.T, b *board) {
			content := deltaContent()
			b.artifact("disk", pack(t, c.kind, content), content, func(a *Artifact) { a.Pack = c.kind })
			b.listed("disk", content)
			card := append(slices.Clone(content), bytes.Repeat([]byte{0xee}, testBlock)...)
			for _, at := range c.changed {
				card[at] ^= 0xff
			}
			b.write("disk", card)
			_, output := b.run(writeDisk, c.free)
			if got := b.read("disk"); !bytes.Equal(got[:length], content) || !bytes.Equal(got[length:], card[length:]) {
				t.Errorf("%s: the disk is not what was to be written\n%s", name, output)
			}
			asked := b.srv.asked()
			want := fmt.Sprintf("event/rebooting?readback=disk%%3Afull%%3A%s&skipped=%d", digest(content), c.skipped)
			if asked[len(asked)-1] != want || b.srv.count("event/writing") == 0 {
				t.Errorf("%s: asked %q, want %q at last\n%s", name, asked, want, output)
			}
			if n := b.srv.count("artifact/disk"); c.skipped == length && n != 0 {
				t.Errorf("%s: the artifact was fetched for nothing", name)
			}
			if n := b.srv.count("blocks/disk/"); n != c.fetched {
				t.Errorf("%s: %d blocks fetched, want %d", name, n, c.fetched)
			}
		})
	}
}

// everySecond is the first byte of each second of n blocks.
func everySecond(n int) (at []int) {
	for i := 0; i < n; i += 2 {
		at = append(at, i*testBlock)
	}
	return at
}

// TestOtherCard: a card that has nothing of the image is written in full, after a glance at it.
func TestOtherCard(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		content := deltaContent()
		b.artifact("disk", content, content, nil)
		b.listed("disk", content)
		_, output := b.run(writeDisk)
		if !bytes.Equal(b.read("disk")[:len(content)], content) || b.srv.count("artifact/disk") != 1 || b.srv.count("blocks/disk/") != 0 {
			t.Errorf("asked %q\n%s", b.srv.asked(), output)
		}
		if asked := b.srv.asked(); strings.Contains(asked[len(asked)-1], "skipped") {
			t.Errorf("asked %q", asked)
		}
	})
}

// TestNoList: without a list, or with another one than the script was told of, the card is written in full.
func TestNoList(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(b *board){
		"gone":        func(b *board) { b.srv.answers["blocks/disk"] = []int{404} },
		"unavailable": func(b *board) { b.srv.answers["blocks/disk"] = []int{503} },
		"another":     func(b *board) { b.srv.files["blocks/disk"] = []byte(digest(nil) + "\n") },
		"other size":  func(b *board) { b.vars.Artifacts[0].BlockSize = 4096 },
	} {
		onShells(t, func(t *testing.T, b *board) {
			content := deltaContent()
			b.artifact("disk", content, content, nil)
			b.listed("disk", content)
			b.write("disk", slices.Concat(content[:30*testBlock], make([]byte, 20*testBlock)))
			spoil(b)
			_, output := b.run(writeDisk)
			if !bytes.Equal(b.read("disk")[:len(content)], content) || b.srv.count("event/rebooting?readback=disk%3Afull%3A"+digest(content)) != 1 || b.srv.count("artifact/disk") != 1 {
				t.Errorf("%s: asked %q\n%s", name, b.srv.asked(), output)
			}
		})
	}
}

// TestBlockFailures: what can go wrong with single blocks, and what it is put down to.
func TestBlockFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(b *board)
		want  string // how the last event begins
		whole bool
	}{
		"breaks off twice": {func(b *board) { b.srv.cut["blocks/disk/7"] = 2 }, "event/rebooting?readback=disk%3Afull", true},
		"unavailable":      {func(b *board) { b.srv.answers["blocks/disk/7"] = []int{503, 503, 200} }, "event/rebooting?readback=disk%3Afull", true},
		"never comes":      {func(b *board) { b.srv.answers["blocks/disk/7"] = []int{503} }, "event/failed?part=network", false},
		"is another":       {func(b *board) { b.srv.files["blocks/disk/7"] = noise(testBlock) }, "event/failed?part=server", false},
		"boot is over":     {func(b *board) { b.srv.answers["event/writing"] = []int{410} }, "event/writing?step=disk", false},
		"no time to compare": {func(b *board) { b.environ = append(b.environ, "MP_COMPARE_FOR=0") },
			"event/rebooting?readback=disk%3Afull%3A" + digest(deltaContent()) + "&skipped=0", true},
		"unpacks to other blocks": {func(b *board) {
			other := deltaContent()
			other[7*testBlock] ^= 1
			packed := pack(b.t, GZ, other)
			a := &b.vars.Artifacts[0]
			a.Pack, a.SHA256, a.Size = GZ, digest(packed), int64(len(packed))
			b.srv.files["artifact/disk"] = packed
		}, "event/failed?part=image", false},
	} {
		onShells(t, func(t *testing.T, b *board) {
			content := deltaContent()
			b.artifact("disk", content, content, nil)
			b.listed("disk", content)
			card := slices.Clone(content)
			for _, block := range []int{3, 7, 30} {
				card[block*testBlock] ^= 0xff
			}
			b.write("disk", card)
			c.spoil(b)
			_, output := b.run(writeDisk)
			asked := b.srv.asked()
			if !strings.HasPrefix(asked[len(asked)-1], c.want) || bytes.Equal(b.read("disk"), content) != c.whole {
				t.Errorf("%s: asked %q, want %s at last; whole %v\n%s", name, asked, c.want, bytes.Equal(b.read("disk"), content), output)
			}
		})
	}
}

// TestSamplesOfList: with sampled read-back, blocks that were not written are compared with the list.
func TestSamplesOfList(t *testing.T) {
	t.Parallel()
	for forgets, want := range map[bool]string{false: "event/rebooting?readback=disk%3Asampled%3A-&skipped=", true: "event/failed?part=card"} {
		onShells(t, func(t *testing.T, b *board) {
			content := deltaContent()
			b.artifact("disk", content, content, nil)
			b.listed("disk", content)
			b.vars.Readback = ReadbackSampled
			card := slices.Clone(content)
			card[5*testBlock] ^= 1
			b.write("disk", card)
			body := writeDisk
			if forgets {
				body = "mp_put_block() { printf X | dd of=\"$MP_DISK\" bs=1 seek=17 conv=notrunc 2>/dev/null; }\n" + body
			}
			_, output := b.run(body)
			if asked := b.srv.asked(); !strings.HasPrefix(asked[len(asked)-1], want) {
				t.Errorf("asked %q\n%s", asked, output)
			}
		})
	}
}

// TestTwoArtifacts: what was on the card already is counted over all of them.
func TestTwoArtifacts(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		b.partition(1, 1<<20, 1<<20)
		b.partition(2, 2<<20, 1<<20)
		a, c := noise(2*testBlock), noise(3*testBlock)
		for part, content := range map[string][]byte{"one": a, "two": c} {
			b.artifact(part, content, content, nil)
			b.listed(part, content)
		}
		b.write("disk1", append(slices.Clone(a), make([]byte, testBlock)...))
		b.write("disk2", append(slices.Clone(c[:testBlock]), make([]byte, 3*testBlock)...))
		_, output := b.run("mp_write one \"$(mp_part 1)\"\nmp_write two \"$(mp_part 2)\"\nmp_reboot\n")
		if asked := b.srv.asked(); !strings.HasSuffix(asked[len(asked)-1], fmt.Sprintf("&skipped=%d", 3*testBlock)) ||
			!bytes.Equal(b.read("disk2")[:len(c)], c) {
			t.Errorf("asked %q\n%s", asked, output)
		}
	})
}
