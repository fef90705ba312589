package images

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What an attempt or an image needs and is elsewhere is asked for again, not given up; without others it is gone.
func TestWhatIsOnAnotherServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sum := s.upload(gz([]byte("a new disk")))
	var wanted []string
	for _, shared := range []bool{true, false} {
		o := s.options("")
		o.Entries = []Entry{entryOf("v3", s.upload(gz([]byte("a new disk"))), "")}
		if shared {
			o.Lacking = func(sum string) { wanted = append(wanted, sum) }
		}
		here, problems := Load(o)
		if problems != nil {
			t.Fatal(problems)
		}
		order, err := here.Resolve(t.Context(), "v3", "qemu-arm64", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(s.dir, "store", UploadFolder, sum)); err != nil {
			t.Fatal(err)
		}
		_, opened := here.Open(order.Artifacts[0].File)
		gone, problems := here.With(o.Entries)
		if problems != nil {
			t.Fatal(problems)
		}
		_, resolved := gone.Resolve(t.Context(), "v3", "qemu-arm64", nil)
		var lacking *LackingError
		var changed *ChangedError
		var unknown *UnknownError
		switch {
		case shared && (!errors.As(opened, &lacking) || !errors.As(resolved, &lacking) || lacking.Image != "v3" || !strings.Contains(lacking.Error(), sum)):
			t.Errorf("%v; %v", opened, resolved)
		case !shared && (!errors.As(opened, &changed) || !errors.As(resolved, &unknown)):
			t.Errorf("by itself: %v; %v", opened, resolved)
		}
	}
	if !slices.Equal(wanted, []string{sum}) {
		t.Errorf("wanted %v", wanted)
	}
}

// A file of the operator's that is gone, or another by now, is served from wherever else its bytes lie, and fetched if others
// may have it.
func TestAnotherPlace(t *testing.T) {
	t.Parallel()
	const name = "artifacts/v1.img"
	packed := gz([]byte("what was pinned"))
	for what, test := range map[string]struct {
		change  func(*testing.T, *site, *Catalogue)
		served  bool
		replace bool // else it is gone
	}{
		"renamed and known": {func(t *testing.T, s *site, c *Catalogue) {
			s.put("artifacts/renamed.img", packed)
			if _, err := c.index.whole(InFiles, "artifacts/renamed.img"); err != nil {
				t.Fatal(err)
			}
		}, true, false},
		"known, and another by now": {func(t *testing.T, s *site, c *Catalogue) {
			s.put("artifacts/renamed.img", packed)
			if _, err := c.index.whole(InFiles, "artifacts/renamed.img"); err != nil {
				t.Fatal(err)
			}
			s.put("artifacts/renamed.img", []byte("something else"))
		}, false, false},
		"replaced, and uploaded": {func(_ *testing.T, s *site, _ *Catalogue) { s.upload(packed) }, true, true},
		"not to be read": {func(t *testing.T, s *site, c *Catalogue) {
			s.upload(packed)
			link(t, s, "artifacts/v1.img")
			s.put("artifacts/renamed.img", packed)
			if _, err := c.index.whole(InFiles, "artifacts/renamed.img"); err != nil {
				t.Fatal(err)
			}
			link(t, s, "artifacts/renamed.img")
		}, true, false},
		"not to be read, and nowhere else": {func(t *testing.T, s *site, _ *Catalogue) { link(t, s, "artifacts/v1.img") }, false, false},
		"replaced":                         {func(*testing.T, *site, *Catalogue) {}, false, true},
		"gone":                             {func(*testing.T, *site, *Catalogue) {}, false, false},
	} {
		for _, shared := range []bool{true, false} {
			t.Run(what+map[bool]string{true: " in a cluster"}[shared], func(t *testing.T) {
				t.Parallel()
				s := newSite(t)
				s.put(name, packed)
				var wanted []string
				o := s.options("images: [{name: v1, install: raw, artifacts: [{name: system, file: v1.img, to: disk}]}]")
				if shared {
					o.Lacking = func(sum string) { wanted = append(wanted, sum) }
				}
				c, problems := Load(o)
				if problems != nil {
					t.Fatal(problems)
				}
				order, err := c.Resolve(t.Context(), "v1", "qemu-arm64", nil)
				if err != nil {
					t.Fatal(err)
				}
				pinned := order.Artifacts[0].File
				if !slices.Contains(order.Copies(), uploadPath(pinned.SHA256)) {
					t.Errorf("a copy would be cleared away amid the attempt: %v", order.Copies())
				}
				if test.replace {
					s.put(name, []byte("another disk"))
				} else if err := os.Remove(filepath.Join(s.dir, "files", name)); err != nil {
					t.Fatal(err)
				}
				test.change(t, s, c)
				f, err := c.Open(pinned)
				var lacking *LackingError
				var changed *ChangedError
				switch {
				case test.served:
					if err != nil {
						t.Fatal(err)
					}
					got, err := io.ReadAll(f)
					if err := errors.Join(err, f.Close()); err != nil || !bytes.Equal(got, packed) {
						t.Errorf("served %q, %v", got, err)
					}
				case shared && !test.replace && !errors.As(err, &lacking), (!shared || test.replace) && !errors.As(err, &changed):
					t.Errorf("refused with %v", err)
				}
				if want := shared && !test.served; want != slices.Equal(wanted, []string{pinned.SHA256}) || !want && len(wanted) > 0 {
					t.Errorf("wanted from others: %v", wanted)
				}
			})
		}
	}
}

// link puts a link that leads out of the folder in place of a file.
func link(t *testing.T, s *site, name string) {
	t.Helper()
	at := filepath.Join(s.dir, "files", name)
	if err := os.Remove(at); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/null", at); err != nil {
		t.Fatal(err)
	}
}
