package images

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// storeHolds are the paths of all files of the store that are named by their hash.
func storeHolds(s *site) (all []string) {
	s.t.Helper()
	for _, folder := range []string{UploadFolder, MadeFolder, BlocksFolder} {
		entries, err := os.ReadDir(filepath.Join(s.dir, "store", folder))
		if err != nil && !os.IsNotExist(err) {
			s.t.Fatal(err)
		}
		for _, e := range entries {
			if hexDigest.MatchString(e.Name()) {
				all = append(all, path.Join(folder, e.Name()))
			}
		}
	}
	slices.Sort(all)
	return all
}

// TestStoreUses: all that a catalogue has in the store after its first load it also says it uses, in every form of an
// artifact, and nothing else; a catalogue that was loaded again from the index says the same, and what a wish pins is
// among it.
func TestStoreUses(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{
		"file: v.img", "file: v.img.gz", "file: v.img.zst", "file: v.img.gz, unpack: true", "file: mbr.img, part: 2", "file: mbr.img.zst, part: 2", "file: mbr.img.gz, part: 2, unpack: true",
	} {
		s := newSite(t)
		s.put("artifacts/v.img", []byte("plain"))
		s.put("artifacts/v.img.gz", gz([]byte("packed")))
		s.put("artifacts/v.img.zst", zstOf([]byte("packed")))
		s.put("artifacts/mbr.img", mbrDisk())
		s.put("artifacts/mbr.img.gz", gz(mbrDisk()))
		s.put("artifacts/mbr.img.zst", zstOf(mbrDisk()))
		yaml := "images:\n- {name: v2, install: raw, hardware: [qemu-arm64], artifacts: [{name: disk, to: p2, " + keys + "}]}\n"
		for range 2 {
			c := s.must(yaml)
			uses := c.StoreUses()
			if got, want := slices.Sorted(maps.Keys(uses)), storeHolds(s); !slices.Equal(got, want) || len(got) == 0 {
				t.Errorf("%s: uses %v of %v", keys, got, want)
			}
			o, err := c.Resolve(t.Context(), "v2", "qemu-arm64", nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range o.StorePaths() {
				if !slices.Equal(uses[p], []string{"v2"}) {
					t.Errorf("%s: %s is pinned, and used by %v", keys, p, uses[p])
				}
			}
		}
	}
}

// TestOriginsAndForget: where a file came from is known as long as it is there, and then forgotten; files of a folder that
// is not mounted are not.
func TestOriginsAndForget(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	data := gz([]byte("packed"))
	s.put("artifacts/v.img.gz", data)
	c := s.must(image("file: v.img.gz, unpack: true"))
	made := storeName(sumOf([]byte("packed")))
	if got := c.Origins()[made]; got != (Origin{From: "artifacts/v.img.gz"}) {
		t.Errorf("%+v", got)
	}
	c.index.setURL("http://builds/v.img", fetched{SHA256: sumOf([]byte("packed"))})
	if got := c.Origins()[made]; got != (Origin{Fetched: true, From: "http://builds/v.img"}) {
		t.Errorf("%+v", got)
	}
	known := func() (files, urls int) { return len(c.index.files), len(c.index.urls) }
	before, _ := known()
	if c.Forget(); len(c.index.files) != before || len(c.index.urls) != 1 {
		t.Error("forgets what is there")
	}
	if err := os.Remove(filepath.Join(s.dir, "store", made)); err != nil {
		t.Fatal(err)
	}
	if c.Forget(); len(c.index.files) != before-1 || len(c.index.urls) != 0 {
		t.Error("remembers what is gone")
	}
	away := filepath.Join(s.dir, "away")
	if err := os.Rename(filepath.Join(s.dir, "files"), away); err != nil {
		t.Fatal(err)
	}
	if c.Forget(); len(c.index.files) != before-1 {
		t.Error("forgets a folder that is not mounted")
	}
	if err := os.Rename(away, filepath.Join(s.dir, "files")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(s.dir, "files/artifacts/v.img.gz")); err != nil {
		t.Fatal(err)
	}
	if c.Forget(); len(c.index.files) != before-2 {
		t.Error("remembers a file of the operator's that is gone")
	}
	if other := s.must(""); len(other.index.files) != before-2 {
		t.Error("what was forgotten is back after a start")
	}
}

// TestUploadsOfAnEntry: whatever an entry says, and whether or not it can be read, its hashes count.
func TestUploadsOfAnEntry(t *testing.T) {
	t.Parallel()
	one, two := sumOf([]byte("1")), sumOf([]byte("2"))
	for data, want := range map[string][]string{
		`{"artifacts":[{"sha256":"` + one + `"}]}`:                              {uploadPath(one)},
		"install: by magic\nthings: [" + one + ", '" + "ABCDEF" + two[6:] + "'": {uploadPath(one), uploadPath("abcdef" + two[6:])},
		"nothing": nil,
	} {
		if got := (Entry{Name: "v", Data: []byte(data)}).Uploads(); !slices.Equal(got, want) {
			t.Errorf("%s: %v", data, got)
		}
	}
}

// TestTouched: whatever of the store is looked for was told before, so that nobody removes it meanwhile.
func TestTouched(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.put("artifacts/v.img.gz", gz([]byte("packed")))
	o := s.options(image("file: v.img.gz, unpack: true"))
	touched := map[string]time.Time{}
	o.Touched = func(path string) { touched[path] = time.Now() }
	c, problems := Load(o)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	clear(touched)
	order, err := c.Resolve(t.Context(), "v2", "qemu-arm64", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range order.StorePaths() {
		if touched[p].IsZero() {
			t.Errorf("%s was looked for, and nobody told", p)
		}
	}
}
