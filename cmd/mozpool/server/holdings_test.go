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
