package server

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mozpool/netboot/images"
	"mozpool/netboot/images/uploads"
)

// Others may have uploads and the operator's files alike, by their hash; not what has another by now, nor what nobody knows.
func TestHoldings(t *testing.T) {
	t.Parallel()
	l := newShelf(t)
	defer l.close()
	uploaded, _ := l.upload("an upload")
	hash := sha256.Sum256([]byte("artifacts/v2.img"))
	file := hex.EncodeToString(hash[:])
	h := holdings{l.s.uploads, &l.s.catalogue}
	for sum, want := range map[string]struct{ name, data string }{uploaded: {"v3.img", "an upload"}, file: {"v2.img", "artifacts/v2.img"}} {
		a, err := h.Has(sum)
		if err != nil || a.SHA256 != sum || a.Name != want.name || a.Size != int64(len(want.data)) {
			t.Errorf("has %+v, %v", a, err)
		}
		f, err := h.Read(sum)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil || string(data) != want.data {
			t.Errorf("read %q, %v", data, err)
		}
	}
	if err := os.WriteFile(filepath.Join(l.dir, "files", "artifacts", "v2.img"), []byte("replaced"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, sum := range []string{file, strings.Repeat("0", 64), "../v2.img"} {
		_, has := h.Has(sum)
		_, read := h.Read(sum)
		if !errors.Is(has, uploads.ErrNone) || !errors.Is(read, uploads.ErrNone) {
			t.Errorf("%s: %v, %v", sum, has, read)
		}
	}
	if _, err := (holdings{l.s.uploads, new(images.Published)}).Has(file); !errors.Is(err, uploads.ErrNone) {
		t.Errorf("a server that is about to start: %v", err)
	}
}

// One fetch of a file at a time, and none for a while after one that brought nothing.
func TestFlights(t *testing.T) {
	t.Parallel()
	var begun []string
	f := flights{all: map[string]bool{}, failed: map[string]time.Time{}, begin: func(sum string) { begun = append(begun, sum) }}
	now := time.Unix(1_760_000_000, 0)
	for _, step := range []struct {
		after time.Duration
		ends  string // what came to its end before
		here  bool
		want  string // what is begun of a and b
	}{
		{0, "", false, "a b"},
		{time.Second, "", false, ""},
		{time.Second, "a", false, ""},
		{time.Second, "b", true, "b"},
		{fetchAgain, "", false, "a"},
		{time.Second, "a", true, "a"},
	} {
		now = now.Add(step.after)
		if step.ends != "" {
			f.ended(now, step.ends, step.here)
		}
		begun = nil
		f.fly(now, "a", "b")
		if got := strings.Join(begun, " "); got != step.want {
			t.Errorf("%+v: began %q", step, got)
		}
	}
}
