package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/netboot/images"
	"mozpool/persistence"
)

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func gz(t *testing.T, data string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// resolve pins an image for a board, as a wish does.
func (l *shelf) resolve(image string, config map[string]string) images.Order {
	l.Helper()
	o, err := l.s.catalogue.Get().Resolve(l.Context(), image, "panda", config)
	if err != nil {
		l.Fatalf("%s: %v", image, err)
	}
	for _, a := range o.Artifacts {
		f, err := l.s.catalogue.Get().Open(a.File)
		if err != nil {
			l.Fatalf("%s: %v", image, err)
		}
		if err := f.Close(); err != nil {
			l.Error(err)
		}
		if _, err := l.s.catalogue.Get().Blocks(a); err != nil {
			l.Errorf("%s: %v", image, err)
		}
	}
	return o
}

// TestStoreIsCleared: what images, entries that cannot be used here and running attempts need stays, whatever the grace; the
// rest goes, and comes again if somebody asks for it.
func TestStoreIsCleared(t *testing.T) {
	t.Parallel()
	later := time.Duration(0)
	l := newShelf(t)
	l.close()
	l.now = func() time.Time { return time.Now().Add(later) }
	write(t, filepath.Join(l.dir, "files/artifacts/v4.img.gz"), gz(t, strings.Repeat("four", 1000)))
	write(t, filepath.Join(l.dir, "files/artifacts/n1.img.gz"), gz(t, strings.Repeat("night", 1000)))
	write(t, l.cfg.Images, `images:
- {name: v2, install: raw, artifacts: [{name: root, file: v2.img, to: p2}]}
- {name: v4, install: raw, artifacts: [{name: root, file: v4.img.gz, to: p2, unpack: true}]}
- {name: nightly, install: raw, config_keys: [build], artifacts: [{name: root, file: "{{.Config.build}}.img.gz", to: p2, unpack: true, allow: ["*"]}]}
`)
	if err := l.open(); err != nil {
		t.Fatal(err)
	}
	defer func() { l.close() }()
	pinned, entry := l.upload("one")
	if _, err := l.s.library.PutImage(t.Context(), "v3", entry, images.Condition{}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.s.boards.Wish(t.Context(), "board1", actors.Request{Want: board.WantImage, Image: "v3", By: "ci"}); err != nil {
		t.Fatal(err)
	}
	current, entry := l.upload("two")
	if _, err := l.s.library.PutImage(t.Context(), "v3", entry, images.Condition{}); err != nil {
		t.Fatal(err)
	}
	two := l.resolve("v3", nil).Artifacts[0]
	unfit, newer := l.upload("three")
	newer = bytes.Replace(newer, []byte(`"install":"raw"`), []byte(`"install":"by magic"`), 1)
	if err := l.s.journal.PutDoc(t.Context(), persistence.Doc{Kind: entryDocs[images.OfImage], Name: "v5", Data: newer}); err != nil {
		t.Fatal(err)
	}
	_, entry = l.upload("four")
	unused, _ := l.upload("five")
	night := l.resolve("nightly", map[string]string{"build": "n1"}).Artifacts[0]

	if files, err := l.s.janitor.Prune(t.Context(), 0); err != nil || len(files) != 0 {
		t.Fatalf("within the hour: %+v, %v", files, err)
	}
	if _, err := l.s.library.PutImage(t.Context(), "v3", entry, images.Condition{}); err != nil { // four
		t.Fatal(err)
	}
	later = 2 * time.Hour
	var gone []string
	files, err := l.s.janitor.Prune(t.Context(), 0)
	for _, f := range files {
		gone = append(gone, f.Path)
	}
	want := []string{"artifacts/" + unused, "artifacts/" + current, "blocks/" + night.Unpacked.Blocks, "blocks/" + two.Unpacked.Blocks, "blocks/" + sumOf(unfit+"\n"), night.Path}
	slices.Sort(want)
	if err != nil || !slices.Equal(gone, want) {
		t.Fatalf("removed %v, %v; want %v", gone, err, want)
	}
	for _, sum := range []string{pinned, unfit} {
		if _, err := l.s.uploads.Has(sum); err != nil {
			t.Errorf("%s: %v", sum, err)
		}
	}
	o, ok := l.s.boards.ByName("board1").Inputs.Order.(*images.Order)
	if f, err := l.s.catalogue.Get().Open(o.Artifacts[0].File); !ok || err != nil || f.Close() != nil {
		t.Errorf("what the attempt pinned: %v", err)
	}
	for _, image := range []string{"v2", "v3", "v4"} {
		l.resolve(image, nil)
	}
	if again := l.resolve("nightly", map[string]string{"build": "n1"}).Artifacts[0]; again.SHA256 != night.SHA256 {
		t.Errorf("%+v", again)
	}
	// The index has forgotten what is gone; another start has all that is used.
	index, err := os.ReadFile(filepath.Join(l.dir, "data/store/index.json"))
	if err != nil || bytes.Contains(index, []byte(unused)) || bytes.Contains(index, []byte(current)) || !bytes.Contains(index, []byte(pinned)) {
		t.Errorf("%s, %v", index, err)
	}
	l.close()
	if err := l.open(); err != nil {
		t.Fatal(err)
	}
	l.resolve("v4", nil)
}

// TestJanitorAndMajority: a server that stores nothing may not have heard of all, and removes nothing.
func TestJanitorAndMajority(t *testing.T) {
	t.Parallel()
	l := newShelf(t)
	later := 2 * time.Hour
	sum, _ := l.upload("one")
	l.close()
	l.now = func() time.Time { return time.Now().Add(later) }
	if err := l.open(); err != nil {
		t.Fatal(err)
	}
	defer l.close()
	l.s.journal = alone{l.s.journal}
	if files, err := l.s.janitor.Prune(t.Context(), 0); !errors.Is(err, persistence.ErrUnavailable) || len(files) != 0 {
		t.Errorf("%+v, %v", files, err)
	}
	if _, err := l.s.uploads.Has(sum); err != nil {
		t.Error(err)
	}
}

// alone is the journal of a server that the rest of its cluster does not answer: what it has can be read.
type alone struct{ journal }

func (alone) Ready(context.Context) error { return persistence.ErrUnavailable }
