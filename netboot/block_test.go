package netboot

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mozpool/actors/board"
	"mozpool/netboot/images"
)

// blockContent is two blocks, the second of zeros, and a bit.
func blockContent() string {
	return strings.Repeat("0123456789abcdef", images.BlockSize/16) + string(make([]byte, images.BlockSize)) + "the end"
}

// TestBlocks: the list, each of its blocks, and no other.
func TestBlocks(t *testing.T) {
	t.Parallel()
	content := blockContent()
	r := newRigOf(t, rigOptions{artifact: content})
	base := "/b/" + alive.String() + "/blocks/disk"
	res, list := r.do(t, "GET", base)
	lines := strings.Split(strings.TrimSpace(list), "\n")
	if res.StatusCode != 200 || len(lines) != 3 || strings.HasSuffix(lines[0], " 0") || !strings.HasSuffix(lines[1], " 0") {
		t.Fatalf("%d %q", res.StatusCode, list)
	}
	r.heard(t, 1)
	if got := r.fleet.kinds(); len(got) != 1 || got[0] != board.ArtifactRead {
		t.Errorf("told %v", got)
	}
	for n, want := range []string{content[:images.BlockSize], content[images.BlockSize : 2*images.BlockSize], "the end"} {
		res, got := r.do(t, "GET", fmt.Sprintf("%s/%d", base, n))
		if res.StatusCode != 200 || got != want || res.ContentLength != int64(len(want)) {
			t.Errorf("block %d: %d, %d bytes", n, res.StatusCode, len(got))
		}
		if res, got := r.do(t, "HEAD", fmt.Sprintf("%s/%d", base, n)); res.StatusCode != 200 || got != "" || res.ContentLength != int64(len(want)) {
			t.Errorf("head of block %d: %d, %d bytes said", n, res.StatusCode, res.ContentLength)
		}
	}
	for _, path := range []string{"/3", "/-1", "/x", "/9223372036854775807", "/4398046511104", "/", "/0/1"} {
		if res, _ := r.do(t, "GET", base+path); res.StatusCode != 404 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	if res, _ := r.do(t, "GET", "/b/"+alive.String()+"/blocks/other"); res.StatusCode != 404 {
		t.Errorf("another artifact: %d", res.StatusCode)
	}
}

// TestBlockOfChangedFile: a block of a file that was replaced is not served.
func TestBlockOfChangedFile(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, rigOptions{artifact: blockContent()})
	path := filepath.Join(r.files, "artifacts", "v1.img")
	if err := os.WriteFile(path, bytes.Repeat([]byte("other"), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Now(), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if res, _ := r.do(t, "GET", "/b/"+alive.String()+"/blocks/disk/0"); res.StatusCode != 503 {
		t.Errorf("%d", res.StatusCode)
	}
	r.logs.wait(t, "block 0 of artifact disk cannot be served")
}

// TestSkippedGoesAlong: what the card had already goes along with a good report, within reason.
func TestSkippedGoesAlong(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	sum := order(r.fleet.view).Artifacts[0].Unpacked.SHA256
	for query, want := range map[string]struct {
		skipped int64
		text    string
	}{
		"&skipped=10": {10, "10 of 16 were on the card already"}, "&skipped=16": {16, "16 of 16 were on the card already"}, "&skipped=17": {0, ""},
		"&skipped=-1": {0, ""}, "&skipped=much": {0, ""}, "": {0, ""},
	} {
		r.do(t, "GET", "/b/"+alive.String()+"/event/rebooting?readback=disk:full:"+sum+query)
		r.fleet.mu.Lock()
		in := r.fleet.asked[len(r.fleet.asked)-1].Input
		r.fleet.mu.Unlock()
		if !in.Good || in.Skipped != want.skipped || in.Text != want.text {
			t.Errorf("%q: good %v, skipped %d, %q", query, in.Good, in.Skipped, in.Text)
		}
	}
	r.do(t, "GET", "/b/"+alive.String()+"/event/rebooting?skipped=10")
	if in := r.fleet.asked[len(r.fleet.asked)-1].Input; in.Good || in.Skipped != 0 || strings.Contains(in.Text, "already") {
		t.Errorf("a bad report: %+v", in)
	}
}
