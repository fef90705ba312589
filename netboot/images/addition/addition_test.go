package addition

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mozpool/netboot/images"
)

var update = flag.Bool("update", false, "write the golden files anew")

// site is a folder with images.yaml, files and what somebody has downloaded.
type site struct {
	t   *testing.T
	dir string
}

func newSite(t *testing.T, yaml string) *site {
	t.Helper()
	s := &site{t, t.TempDir()}
	if yaml != "" {
		s.put("images.yaml", []byte(yaml))
	}
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) put(name string, data []byte) string {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.path(name), data, 0o644); err != nil {
		s.t.Fatal(err)
	}
	return s.path(name)
}

func (s *site) options() images.Options {
	return images.Options{Path: s.path("images.yaml"), Files: s.path("files"), Store: s.path("store")}
}

// left lists what lies in the site, without the index.
func (s *site) left() string {
	s.t.Helper()
	var all []string
	for _, pattern := range []string{"*.yaml", ".new*", "files/artifacts/*", "files/artifacts/.new*"} {
		found, err := filepath.Glob(s.path(pattern))
		if err != nil {
			s.t.Fatal(err)
		}
		for _, f := range found {
			rel, _ := filepath.Rel(s.dir, f) // both are below it
			all = append(all, rel)
		}
	}
	return strings.Join(all, " ")
}

// disk is an image of 8 MiB: partitions of 1 MiB at 1 MiB and of 4 MiB at 4 MiB.
func disk() []byte {
	d := make([]byte, 8<<20)
	for i, p := range [][3]uint32{{0x0c, 2048, 2048}, {0x83, 8192, 8192}} {
		e := d[446+16*i:]
		e[4] = byte(p[0])
		binary.LittleEndian.PutUint32(e[8:], p[1])
		binary.LittleEndian.PutUint32(e[12:], p[2])
	}
	d[510], d[511] = 0x55, 0xaa
	copy(d[4<<20:], "root")
	return d
}

func packed(data []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.NoCompression) // the same bytes by every version of Go
	if err == nil {
		_, err = w.Write(data)
	}
	if err != nil || w.Close() != nil {
		panic("gzip into memory failed")
	}
	return b.Bytes()
}

const listed = `# our images
images:
- {name: old, install: raw, artifacts: [{name: disk, file: old.img, to: disk}]} # keep for 2024's boards
hardware: # ours
  odd: {live: live/odd, disk: /dev/sda, keep: [8MiB-9MiB]}
`

func TestAdd(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Request{
		"panda":    {Hardware: "panda"},
		"whole":    {Hardware: "qemu-arm64", Name: "1.2", Verify: images.VerifyPing},
		"odd":      {Hardware: "odd"},
		"one part": {Hardware: "qemu-arm64", To: "p2", Verify: images.VerifyNone},
	} {
		s := newSite(t, listed)
		s.put("files/artifacts/old.img", []byte("old"))
		r.File = s.put("vendor-1.2.img.gz", packed(disk()))
		a, err := New(r, s.options())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden(t, "report-"+name, strings.ReplaceAll(a.Report(), s.dir, "DIR")+"\n"+a.Entry())
		if left := s.left(); left != "images.yaml files/artifacts/old.img" {
			t.Errorf("%s: looking left %s", name, left)
		}
		if err := a.Write(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := os.ReadFile(s.path("images.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "images-"+name, string(text))
		if left := s.left(); left != "images.yaml files/artifacts/old.img files/artifacts/vendor-1.2.img.gz" {
			t.Errorf("%s: left %s", name, left)
		}
		if _, problems := images.Load(s.options()); problems != nil {
			t.Errorf("%s: %v", name, problems)
		}
		if err := again(r, s); err == nil || !strings.Contains(err.Error(), "there is an image "+a.Image.Name+" already, in "+s.path("images.yaml")) {
			t.Errorf("%s again: %v", name, err)
		}
	}
}

func again(r Request, s *site) error {
	_, err := New(r, s.options())
	return err
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(path); err != nil || got != string(want) {
		t.Errorf("%s differs (%v):\n%s", path, err, got)
	}
}

// TestAddWithoutImagesFile: the first image of a site, from a file that lies in artifacts already, and an archive.
func TestAddWithoutImagesFile(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	for _, r := range []Request{
		{File: s.put("files/artifacts/sub/a.img", disk()), Hardware: "qemu-amd64"},
		{File: s.put("rootfs.tar", make([]byte, 1024)), Hardware: "panda", To: "p2"},
		{File: s.put("true.ext4", []byte("a file system")), Hardware: "panda", To: "p2"},
	} {
		a, err := New(r, s.options())
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Write(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c, problems := images.Load(s.options())
	if problems != nil {
		t.Fatal(problems)
	}
	for name, want := range map[string]string{"a": "raw sub/a.img disk", "rootfs": "tar rootfs.tar p2", "true": "raw true.ext4 p2"} {
		i, _ := c.Image(name)
		if len(i.Artifacts) != 1 || strings.Join([]string{string(i.Install), i.Artifacts[0].File, i.Artifacts[0].To}, " ") != want {
			t.Errorf("%s: %+v, want %s", name, i, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	bare := make([]byte, 4096)
	short := disk()[:6<<20]
	broken := disk()
	broken[446+4] = 0xee // a GPT that is not there
	for want, tc := range map[string]struct {
		r    Request
		data []byte
	}{
		`no hardware type "pnada"; did you mean panda?`:    {Request{File: "a.img", Hardware: "pnada"}, disk()},
		"known are odd, panda, qemu-amd64, qemu-arm64":     {Request{File: "a.img", Hardware: "zx"}, disk()},
		"there is an image old already":                    {Request{File: "old.img", Hardware: "panda"}, disk()},
		`"a b" cannot be the name of an image`:             {Request{File: "a b.img", Hardware: "panda"}, disk()},
		"are built in":                                     {Request{File: "a.img", Name: "mozpool/x", Hardware: "panda"}, disk()},
		"is empty":                                         {Request{File: "a.img", Hardware: "panda"}, nil},
		"no partition table; if it is a file system":       {Request{File: "a.img", Hardware: "panda"}, bare},
		"partition table cannot be read: a protective MBR": {Request{File: "a.img", Hardware: "panda"}, broken},
		"p2 of":                                      {Request{File: "a.img", Hardware: "panda"}, short},
		"leave --to out":                             {Request{File: "a.img", Hardware: "panda", To: "disk"}, disk()},
		"written to p1 it would overwrite p1":        {Request{File: "a.img", Hardware: "panda", To: "p1"}, bare},
		"has no p3; it has p1, p2":                   {Request{File: "a.img", Hardware: "panda", To: "p3"}, disk()},
		`"sda2" is no place`:                         {Request{File: "a.img", Hardware: "panda", To: "sda2"}, disk()},
		"is an archive, which goes into a partition": {Request{File: "a.tar", Hardware: "panda"}, make([]byte, 1024)},
		"choose another partition":                   {Request{File: "a.tar", Hardware: "panda", To: "p1"}, make([]byte, 1024)},
		"old.IMG is there already":                   {Request{File: "old.IMG", Name: "new", Hardware: "panda"}, disk()},
		"would be read as a template":                {Request{File: "{{x.img", Name: "new", Hardware: "panda"}, disk()},
		"verify by tcp needs more":                   {Request{File: "a.img", Verify: images.VerifyTCP, Hardware: "panda"}, disk()},
	} {
		s := newSite(t, listed)
		s.put("files/artifacts/old.img", []byte("old"))
		s.put("files/artifacts/old.IMG", []byte("other"))
		tc.r.File = s.put("downloads/"+tc.r.File, tc.data)
		if a, err := New(tc.r, s.options()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v, %v, want an error with %q", a, err, want)
		}
	}
}

func TestNewRefusesBrokenSite(t *testing.T) {
	t.Parallel()
	s := newSite(t, "images:\n- {nmae: x}\n")
	_, err := New(Request{File: s.put("a.img", disk()), Hardware: "panda"}, s.options())
	if err == nil || !strings.Contains(err.Error(), "mend these first") || !strings.Contains(err.Error(), "images.yaml:2") {
		t.Error(err)
	}
}

// TestWriteChangesNothing: whatever goes wrong, images.yaml and the artifacts are what they were.
func TestWriteChangesNothing(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(t.Context())
	end()
	for want, tc := range map[string]struct {
		yaml   string
		ctx    context.Context
		change func(s *site)
	}{
		"form that nothing can be appended to": {yaml: "images: [{name: old, install: raw, artifacts: [{name: d, file: old.img, to: disk}]}]\n"},
		"interrupted":                          {yaml: listed, ctx: ended},
		"is being written to":                  {yaml: listed, change: func(s *site) { s.put("a.img", append(disk(), 1)) }},
		"there is no artifacts/old.img":        {yaml: listed, change: func(s *site) { _ = os.Remove(s.path("files/artifacts/old.img")) }},
		"not a directory":                      {yaml: listed, change: func(s *site) { _ = os.RemoveAll(s.path("files")); s.put("files", nil) }},
		"would mean something else":            {yaml: listed, change: func(s *site) { s.put("images.yaml", []byte(listed+"  new: {live: l, disk: /dev/sda}\n")) }},
	} {
		s := newSite(t, tc.yaml)
		s.put("files/artifacts/old.img", []byte("old"))
		a, err := New(Request{File: s.put("a.img", disk()), Hardware: "panda"}, s.options())
		if err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if tc.change != nil {
			tc.change(s)
		}
		before, left := read(t, s), s.left()
		if tc.ctx == nil {
			tc.ctx = t.Context()
		}
		if err := a.Write(tc.ctx); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
		if read(t, s) != before || s.left() != left {
			t.Errorf("%s: changed images.yaml, or left %s, not %s", want, s.left(), left)
		}
	}
}

func read(t *testing.T, s *site) string {
	t.Helper()
	data, err := os.ReadFile(s.path("images.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestWriteKeepsLinkAndMode: a linked images.yaml stays a link, and as readable as it was.
func TestWriteKeepsLinkAndMode(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	real := s.put("config/images.yaml", []byte("# kept elsewhere\n"))
	if err := os.Symlink(real, s.path("images.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(real, 0o640); err != nil {
		t.Fatal(err)
	}
	a, err := New(Request{File: s.put("a.img", disk()), Hardware: "panda"}, s.options())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(s.path("images.yaml")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v", err)
	}
	if info, err := os.Stat(real); err != nil || info.Mode().Perm() != 0o640 || !strings.HasPrefix(read(t, s), "# kept elsewhere\nimages:\n- name: a\n") {
		t.Errorf("%v, %v\n%s", info.Mode(), err, read(t, s))
	}
}
