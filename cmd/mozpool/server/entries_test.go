package server

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mozpool/actors"
	"mozpool/netboot/images"
	"mozpool/persistence"
)

const omap5 = `{"live":"live/omap4","fdt":"omap4-panda-es.dtb","disk":"/dev/mmcblk0","keep":["p1"],"limits":{"booting":"4m"}}`

// A hardware type of the API is there at once and after a restart, and goes when nothing needs it any more.
func TestHardwareOfTheAPI(t *testing.T) {
	t.Parallel()
	l := newShelf(t)
	put := func(name, entry string, c images.Condition) (images.Hardware, error) {
		return l.s.library.PutHardware(t.Context(), name, []byte(entry), c)
	}
	first, err := put("omap5", omap5, images.Condition{New: true})
	if err != nil || first.Source != images.FromAPI || first.Revision == "" || first.SelfTest != images.SelfTest {
		t.Fatalf("%+v, %v", first, err)
	}
	_, err = put("omap5", omap5, images.Condition{New: true})
	l.refused(err, actors.Mismatch, "omap5", first.Revision)
	_, err = put("omap5", omap5, images.Condition{Revision: "other"})
	l.refused(err, actors.Mismatch, "other")
	for entry, says := range map[string]string{
		strings.Replace(omap5, "live/omap4", "live/none", 1):        "no live/none/vmlinuz below files",
		strings.Replace(omap5, "omap4-panda-es", "other", 1):        "no live/omap4/other.dtb below files",
		strings.Replace(omap5, "/dev/mmcblk0", "mmcblk0", 1):        "is no disk",
		strings.Replace(omap5, `"keep"`, `"keeep"`, 1):              "keeep",
		strings.Replace(omap5, "{", `{"entry":"boot/mine.txt",`, 1): "boot/mine.txt",
		strings.Replace(omap5, "{", `{"self_test":"nothing",`, 1):   `no image "nothing"`,
	} {
		_, err = put("omap5", entry, images.Condition{})
		l.refused(err, actors.BadRequest, "omap5", says)
	}
	_, err = put("../x", omap5, images.Condition{})
	l.refused(err, actors.BadRequest, "cannot be the name")
	_, entry := l.upload("one")
	forBoth := []byte(strings.Replace(string(entry), `["panda"]`, `["panda","omap5"]`, 1))
	if _, err := l.s.library.PutImage(t.Context(), "v3", forBoth, images.Condition{}); err != nil {
		t.Fatal(err)
	}
	// An image would overwrite what the type is to keep from now on.
	_, err = put("omap5", strings.Replace(omap5, "p1", "p2", 1), images.Condition{})
	l.refused(err, actors.Refused, "image v3", "p2 of omap5")
	l.refused(l.s.library.RemoveHardware(t.Context(), "omap5", images.Condition{}), actors.Refused, "image v3")
	l.close()

	if err := l.open(); err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if kept, ok := l.s.catalogue.Get().HardwareType("omap5"); !ok || kept.Revision != first.Revision {
		t.Fatalf("%+v", kept)
	}
	if _, ok := l.s.catalogue.Get().Image("v3"); !ok {
		t.Error("an image for it is gone")
	}
	next, err := put("omap5", strings.Replace(omap5, "4m", "5m", 1), images.Condition{Revision: first.Revision})
	if err != nil || next.Revision == first.Revision {
		t.Errorf("%+v, %v", next, err)
	}
	if err := l.s.library.RemoveImage(t.Context(), "v3", images.Condition{}); err != nil {
		t.Error(err)
	}
	l.refused(l.s.library.RemoveHardware(t.Context(), "omap5", images.Condition{Revision: first.Revision}), actors.Mismatch)
	if err := l.s.library.RemoveHardware(t.Context(), "omap5", images.Condition{Revision: next.Revision}); err != nil {
		t.Error(err)
	}
	l.refused(l.s.library.RemoveHardware(t.Context(), "omap5", images.Condition{}), actors.NotFound, "omap5")
}

// What is built in may be replaced as by a file; the rest of its life is that of a type of the API, and after it the built-in
// one is back. What a file describes is that file's.
func TestHardwareOfTheAPIBesideOthers(t *testing.T) {
	t.Parallel()
	l := newShelf(t)
	defer func() { l.close() }()
	built, _ := l.s.catalogue.Get().HardwareType("qemu-arm64")
	mine, err := l.s.library.PutHardware(t.Context(), "qemu-arm64", []byte(omap5), images.Condition{Revision: built.Revision})
	if err != nil || mine.Source != images.FromAPI {
		t.Fatalf("%+v, %v", mine, err)
	}
	if err := l.s.library.RemoveHardware(t.Context(), "qemu-arm64", images.Condition{}); err != nil {
		t.Fatal(err)
	}
	if again, _ := l.s.catalogue.Get().HardwareType("qemu-arm64"); again.Revision != built.Revision {
		t.Errorf("%+v", again)
	}
	l.refused(l.s.library.RemoveHardware(t.Context(), "qemu-arm64", images.Condition{}), actors.Refused, "built in and cannot be removed")
	l.refused(l.s.library.RemoveImage(t.Context(), "mozpool/self-test", images.Condition{}), actors.Refused, "mozpool/self-test is built in and cannot be removed")
	// board1 is a panda.
	if _, err := l.s.library.PutHardware(t.Context(), "panda", []byte(omap5), images.Condition{}); err != nil {
		t.Fatal(err)
	}
	l.refused(l.s.library.RemoveHardware(t.Context(), "panda", images.Condition{}), actors.Refused, "board board1")
	if _, err := l.s.library.PutHardware(t.Context(), "omap5", []byte(omap5), images.Condition{}); err != nil {
		t.Fatal(err)
	}
	write(t, l.cfg.Images, "hardware:\n  omap5: {live: live/omap4, disk: /dev/vda}\n")
	l.refused(l.s.Reload(t.Context()), actors.BadRequest, "images.yaml", "hardware type omap5", "by the API as well")
	write(t, l.cfg.Images, "hardware:\n  omap6: {live: live/omap4, disk: /dev/vda}\nimages:\n- {name: v2, hardware: [omap5], install: raw, artifacts: [{name: root, file: v2.img, to: p2}]}\n")
	if err := l.s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = l.s.library.PutHardware(t.Context(), "omap6", []byte(omap5), images.Condition{})
	l.refused(err, actors.Refused, "omap6", "images.yaml")
	_, err = l.s.library.PutHardware(t.Context(), "omap5", []byte(strings.Replace(omap5, "p1", "p2", 1)), images.Condition{})
	l.refused(err, actors.Refused, "image v2", "p2 of omap5")
	l.refused(l.s.library.RemoveHardware(t.Context(), "omap5", images.Condition{}), actors.Refused, "image v2")
}

// A type that cannot be used any more keeps no server from starting, nor do the boards and images that name it; a check of
// the files alone says what the server has to know.
func TestUnfitHardwareOfTheAPI(t *testing.T) {
	t.Parallel()
	l := newShelf(t)
	own := filepath.Join(l.dir, "files", "mine.txt")
	write(t, own, "LABEL x\nKERNEL {{.Kernel}}\nAPPEND {{.Append}}\n")
	h, err := l.s.library.PutHardware(t.Context(), "omap5", []byte(strings.Replace(omap5, "{", `{"entry":"mine.txt",`, 1)), images.Condition{})
	if err != nil || h.EntryFile != "mine.txt" || h.Entry == "" {
		t.Fatalf("%+v, %v", h, err)
	}
	boards, err := os.ReadFile(l.cfg.Boards)
	if err != nil {
		t.Fatal(err)
	}
	write(t, l.cfg.Boards, strings.Replace(string(boards), "panda", "omap5", 1))
	write(t, l.cfg.Images, "images:\n- {name: v2, hardware: [omap5], install: raw, artifacts: [{name: root, file: v2.img, to: p2}]}\n")
	if err := l.s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	remarks, err := Check(l.cfg)
	said := ""
	for _, r := range remarks {
		said += string(r) + "\n"
	}
	if err != nil || !strings.Contains(said, "hardware type omap5 is not in") || !strings.Contains(said, "hardware type omap5 of 1 boards is not in") {
		t.Errorf("%s%v", said, err)
	}
	l.close()
	if err := os.Remove(own); err != nil {
		t.Fatal(err)
	}
	if err := l.open(); err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if c := l.s.catalogue.Get(); !c.LeftOut(images.OfHardware, "omap5") || l.s.boards.ByName("board1").Spec.Hardware != "omap5" {
		t.Errorf("%+v", c.Unfit())
	}
}

// elsewhere is a journal in which another server changes a document just before it is swapped.
type elsewhere struct {
	journal
	put persistence.Doc
}

func (e elsewhere) SwapDoc(ctx context.Context, d persistence.Doc, was []byte) error {
	return errors.Join(e.PutDoc(ctx, e.put), e.journal.SwapDoc(ctx, d, was))
}

// Of two changes at two servers at the same moment one is refused, and nothing of it shows.
func TestTwoPutsAtOnce(t *testing.T) {
	t.Parallel()
	l := newShelf(t)
	defer l.close()
	_, entry := l.upload("one")
	_, other := l.upload("two")
	whole := l.s.journal
	l.s.journal = elsewhere{whole, persistence.Doc{Kind: "image", Name: "v3", Data: other}}
	_, err := l.s.library.PutImage(t.Context(), "v3", entry, images.Condition{})
	l.refused(err, actors.Refused, "v3", "another server at the same moment")
	if _, ok := l.s.catalogue.Get().Image("v3"); ok {
		t.Error("what was refused is shown")
	}
	if d, err := whole.GetDoc(t.Context(), "image", "v3"); err != nil || string(d.Data) != string(other) {
		t.Errorf("the first is %s, %v", d.Data, err)
	}
	l.s.journal = elsewhere{whole, persistence.Doc{Kind: "image", Name: "v4", Data: other}}
	_, err = l.s.library.PutImage(t.Context(), "v4", entry, images.Condition{New: true})
	l.refused(err, actors.Mismatch, "v4")
	l.s.journal = elsewhere{whole, persistence.Doc{Kind: "image", Name: "v4", Data: entry}}
	l.refused(l.s.library.RemoveImage(t.Context(), "v4", images.Condition{}), actors.Refused, "v4")
	// What the other server put is judged by as soon as the journal has it, shown here or not.
	l.s.journal = whole
	_, err = l.s.library.PutImage(t.Context(), "v3", entry, images.Condition{New: true})
	l.refused(err, actors.Mismatch, "v3")
	// The same twice is one.
	l.s.journal = elsewhere{whole, persistence.Doc{Kind: "image", Name: "v3", Data: entry}}
	if _, err := l.s.library.PutImage(t.Context(), "v3", entry, images.Condition{}); err != nil {
		t.Error(err)
	}
}

// behind is a journal whose copy here has what was stored only after so many looks.
type behind struct {
	journal
	looks *int
}

func (b behind) GetDoc(ctx context.Context, kind, name string) (persistence.Doc, error) {
	if *b.looks--; *b.looks > 0 {
		return persistence.Doc{}, persistence.ErrNotFound
	}
	return b.journal.GetDoc(ctx, kind, name)
}

// A change is answered once this server's own copy of the journal has it: the next one here is judged by that copy.
func TestAnsweredOnceItIsHere(t *testing.T) {
	t.Parallel()
	l := newShelf(t)
	defer l.close()
	looks := 5
	l.s.journal = behind{l.s.journal, &looks}
	if _, err := l.s.library.PutHardware(t.Context(), "omap5", []byte(omap5), images.Condition{New: true}); err != nil || looks > 0 {
		t.Errorf("answered with %d looks to go: %v", looks, err)
	}
}
