package images

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// upload puts content into the store as an upload and returns its hash.
func (s *site) upload(data []byte) string {
	s.t.Helper()
	sum := sha256.Sum256(data)
	path := filepath.Join(s.dir, "store", UploadFolder, hexSum(sum[:]))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		s.t.Fatal(err)
	}
	return hexSum(sum[:])
}

func entryOf(name, sum, more string) Entry {
	return Entry{Kind: OfImage, Name: name, Data: []byte(`{"install":"raw","hardware":["qemu-arm64"],"artifacts":[{"name":"disk","file":"v3.img.gz","sha256":"` + sum + `","to":"disk"}]` + more + `}`)}
}

// An image of the API is one like any other, in memory, after a restart, and in what a wish pins.
func TestEntriesOfTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.put("artifacts/v2.img", []byte("old"))
	sum := s.upload(gz([]byte("a new disk")))
	base := s.must(image("file: v2.img"))
	c, clashes := base.With([]Entry{entryOf("v3", sum, `,"verify":{"kind":"ping","for":"20s"}`)})
	if clashes != nil || len(c.Unfit()) > 0 {
		t.Fatalf("%v %v", clashes, c.Unfit())
	}
	o := s.options(image("file: v2.img"))
	o.Entries = []Entry{entryOf("v3", sum, `,"verify":{"kind":"ping","for":"20s"}`)}
	again, problems := Load(o)
	if problems != nil {
		t.Fatal(problems)
	}
	for _, c := range []*Catalogue{c, again} {
		i, ok := c.Image("v3")
		order, err := c.Resolve(t.Context(), "v3", "qemu-arm64", nil)
		if err != nil || !ok || i.Source != FromAPI || i.Readback != ReadbackFull || i.Verify.Kind != VerifyPing || !i.Stores(sum) || order.Revision != i.Revision {
			t.Fatalf("%+v, %v", i, err)
		}
		if a := order.Artifacts[0]; a.In != InStore || a.Unpacked.Size != 10 || !order.Stores(sum) {
			t.Errorf("%+v", a)
		}
		if all, err := c.Verify(t.Context(), i); err != nil || len(all) != 1 || all[0].Problem != "" || all[0].Got != sum {
			t.Errorf("%+v, %v", all, err)
		}
	}
	if _, ok := base.Image("v3"); ok {
		t.Error("a catalogue changed that somebody holds")
	}
	old, _ := again.Image("v3")
	next, _ := again.With([]Entry{entryOf("v3", s.upload(gz([]byte("other"))), "")})
	if i, ok := next.Image("v3"); ok && i.Revision == old.Revision {
		t.Error("other content is another revision")
	}
	if none, _ := again.With(nil); len(none.Images()) != len(base.Images()) {
		t.Errorf("%v", none.Images())
	}
}

// The same name from two sources names both, and is refused wherever it comes up.
func TestOneNameTwoSources(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.put("artifacts/v2.img", []byte("old"))
	entry := entryOf("v2", s.upload(gz([]byte("x"))), "")
	o := s.options(image("file: v2.img"))
	_, clashes := s.must(image("file: v2.img")).With([]Entry{entry})
	o.Entries = []Entry{entry}
	c, problems := Load(o)
	if c != nil {
		t.Error("there is a catalogue")
	}
	for _, err := range []error{clashes.Err(), problems.Err()} {
		wants(t, err, "images.yaml")
		wants(t, err, "image v2")
		wants(t, err, "by the API as well")
	}
}

// What cannot be used here is left out and told of; it keeps no server from starting.
func TestUnfitEntries(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sum := s.upload(gz([]byte("a new disk")))
	lacking := strings.Repeat("ab", 32)
	for name, c := range map[string]struct {
		data  string
		says  string
		lacks bool
	}{
		"unknown hardware": {strings.Replace(string(entryOf("v3", sum, "").Data), "qemu-arm64", "qemu-arm65", 1), "did you mean qemu-arm64", false},
		"a lacking upload": {string(entryOf("v3", lacking, "").Data), "no artifact with sha256 " + lacking, true},
		"no hash":          {`{"install":"raw","artifacts":[{"name":"disk","file":"a.img","to":"disk"}]}`, "named by theirs", false},
		"a template":       {`{"install":"raw","artifacts":[{"name":"disk","file":"{{.Config.x}}","to":"disk","allow":["*"]}]}`, "is a template", false},
		"a path":           {strings.Replace(string(entryOf("v3", sum, "").Data), "v3.img.gz", "../v3.img.gz", 1), "no plain file name", false},
		"another name":     {string(entryOf("v3", sum, `,"name":"v4"`).Data), "it was put as", false},
		"an unknown key":   {string(entryOf("v3", sum, `,"verfiy":{}`).Data), "verfiy", false},
		"nothing":          {``, "does not say how it is installed", false},
		"another packing":  {`{"install":"raw","artifacts":[{"name":"disk","file":"a.img.xz","sha256":"` + sum + `","to":"disk"}]}`, "packed as .gz", false},
		"not packed":       {`{"install":"raw","artifacts":[{"name":"disk","file":"a.img.xz","sha256":"` + s.upload([]byte("plain")) + `","to":"disk"}]}`, "not packed", false},
	} {
		o := s.options("")
		o.Entries = []Entry{{Kind: OfImage, Name: "v3", Data: []byte(c.data)}}
		got, problems := Load(o)
		if problems != nil {
			t.Fatalf("%s: %v", name, problems)
		}
		unfit := got.Unfit()
		if _, ok := got.Image("v3"); ok || len(unfit) != 1 || unfit[0].Name != "v3" || (len(unfit[0].Lacks) > 0) != c.lacks {
			t.Errorf("%s: %+v", name, unfit)
			continue
		}
		wants(t, unfit[0].Problems.Err(), c.says)
	}
}
