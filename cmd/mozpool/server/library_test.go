package server

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/cmd/mozpool/config"
	"mozpool/netboot/images"
)

// shelf is a server that is opened again and again over the same data, and never runs.
type shelf struct {
	*testing.T
	dir string
	cfg config.Config
	s   *Server
	now func() time.Time // nil: time.Now
}

func (l *shelf) open() error {
	l.Helper()
	s, err := Open(l.Context(), l.cfg, Options{Clock: l.now})
	l.s = s
	return err
}

func (l *shelf) close() {
	l.Helper()
	if err := l.s.close(); err != nil {
		l.Error(err)
	}
}

// upload keeps bytes, and gives an entry that is made of them.
func (l *shelf) upload(data string) (sum string, entry []byte) {
	l.Helper()
	hash := sha256.Sum256([]byte(data))
	sum = hex.EncodeToString(hash[:])
	if _, err := l.s.uploads.Put(sum, "v3.img", -1, strings.NewReader(data), l.s.begun); err != nil {
		l.Fatal(err)
	}
	return sum, []byte(`{"install":"raw","hardware":["panda"],"artifacts":[{"name":"root","file":"v3.img","sha256":"` + sum + `","to":"p2"}]}`)
}

// refused checks the kind of a refusal, and that it names what it is about.
func (l *shelf) refused(err error, kind actors.ProblemKind, says ...string) {
	l.Helper()
	var p *actors.Problem
	if !errors.As(err, &p) || p.Kind != kind || p.Remedy == "" {
		l.Errorf("got %v; want %s", err, kind)
		return
	}
	for _, s := range says {
		if !strings.Contains(p.Text, s) {
			l.Errorf("%q does not say %q", p.Text, s)
		}
	}
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	dir, cfg := site(t, "")
	l := &shelf{T: t, dir: dir, cfg: cfg}
	for _, name := range []string{"live/omap4/vmlinuz", "live/omap4/initrd", "live/omap4/omap4-panda-es.dtb", "artifacts/v2.img"} {
		path := filepath.Join(dir, "files", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, name)
	}
	write(t, cfg.Images, "images:\n- {name: v2, install: raw, artifacts: [{name: root, file: v2.img, to: p2}]}\n")
	if err := l.open(); err != nil {
		t.Fatal(err)
	}
	return l
}

// An image of the API is there at once and after a restart; its life is between its first put and its removal.
func TestImagesOfTheAPI(t *testing.T) {
	t.Parallel()
	l := newShelf(t)
	_, entry := l.upload("one")
	first, err := l.s.library.PutImage(t.Context(), "v3", entry, images.Condition{New: true})
	if err != nil || first.Source != images.FromAPI {
		t.Fatalf("%+v, %v", first, err)
	}
	_, err = l.s.library.PutImage(t.Context(), "v3", entry, images.Condition{New: true})
	l.refused(err, actors.Mismatch, "v3", first.Revision)
	_, err = l.s.library.PutImage(t.Context(), "v3", entry, images.Condition{Revision: "other"})
	l.refused(err, actors.Mismatch, "other")
	_, err = l.s.library.PutImage(t.Context(), "v2", entry, images.Condition{})
	l.refused(err, actors.Refused, "v2", "images.yaml")
	_, err = l.s.library.PutImage(t.Context(), "mozpool/x", entry, images.Condition{})
	l.refused(err, actors.BadRequest)
	_, err = l.s.library.PutImage(t.Context(), "v4", []byte(`{"install":"raw"}`), images.Condition{})
	l.refused(err, actors.BadRequest, "nothing to install")
	l.refused(l.s.library.RemoveImage(t.Context(), "v2", images.Condition{}), actors.Refused, "images.yaml")
	l.refused(l.s.library.RemoveImage(t.Context(), "v4", images.Condition{}), actors.NotFound, "v4")
	l.close()

	if err := l.open(); err != nil {
		t.Fatal(err)
	}
	defer l.close()
	kept, ok := l.s.catalogue.Get().Image("v3")
	if !ok || kept.Revision != first.Revision {
		t.Fatalf("%+v", kept)
	}
	if _, err := l.s.boards.Wish(t.Context(), "board1", actors.Request{Want: board.WantImage, Image: "v3", By: "ci"}); err != nil {
		t.Fatal(err)
	}
	l.refused(l.s.library.RemoveImage(t.Context(), "v3", images.Condition{}), actors.Refused, "board1")
	_, other := l.upload("two")
	next, err := l.s.library.PutImage(t.Context(), "v3", other, images.Condition{Revision: first.Revision})
	if err != nil || next.Revision == first.Revision {
		t.Errorf("%+v, %v", next, err)
	}
	// The attempt that began with the first revision keeps it, and what it pinned.
	o, ok := l.s.boards.ByName("board1").Inputs.Order.(*images.Order)
	if !ok || o.Revision != first.Revision || !o.Stores(o.Artifacts[0].SHA256) {
		t.Fatalf("%+v", o)
	}
	if f, err := l.s.catalogue.Get().Open(o.Artifacts[0].File); err != nil || f.Close() != nil {
		t.Error(err)
	}
	if _, err := l.s.library.PutImage(t.Context(), "v5", other, images.Condition{}); err != nil {
		t.Fatal(err)
	}
	if err := l.s.library.RemoveImage(t.Context(), "v5", images.Condition{}); err != nil {
		t.Error(err)
	}
	if _, ok := l.s.catalogue.Get().Image("v5"); ok {
		t.Error("it is still there")
	}
}

// What files say beside the images of the API: a name of both is an error that names both, at reload and at start; what
// an image needs cannot go by a reload, and keeps no server from starting.
func TestFilesBesideImagesOfTheAPI(t *testing.T) {
	t.Parallel()
	l := newShelf(t)
	sum, entry := l.upload("one")
	if _, err := l.s.library.PutImage(t.Context(), "v3", entry, images.Condition{}); err != nil {
		t.Fatal(err)
	}
	if err := l.s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, l.cfg.Images, "images:\n- {name: v3, install: raw, artifacts: [{name: root, file: v2.img, to: p2}]}\n")
	l.refused(l.s.Reload(t.Context()), actors.BadRequest, "images.yaml", "image v3", "by the API as well")
	if i, ok := l.s.catalogue.Get().Image("v3"); !ok || i.Source != images.FromAPI {
		t.Errorf("%+v", i)
	}
	l.close()
	if err := l.open(); err == nil || !strings.Contains(err.Error(), "by the API as well") {
		t.Fatalf("started with two of one name: %v", err)
	}
	write(t, l.cfg.Images, "")
	if err := l.open(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(l.cfg.Data, "store", images.UploadFolder, sum)); err != nil {
		t.Fatal(err)
	}
	l.refused(l.s.Reload(t.Context()), actors.BadRequest, "image v3", sum)
	l.close()
	if err := l.open(); err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if _, ok := l.s.catalogue.Get().Image("v3"); ok || len(l.s.catalogue.Get().Unfit()) != 1 {
		t.Error("an image without its file is there")
	}
	if err := l.s.library.RemoveImage(t.Context(), "v3", images.Condition{}); err != nil {
		t.Errorf("what cannot be used can still be removed: %v", err)
	}
}
