package images

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"
	"mozpool/persistence/strictyaml"
)

// site is a files folder, a store and an images.yaml of one test.
type site struct {
	t   *testing.T
	dir string
}

// newSite makes one with live environments for qemu-arm64 and panda.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t, t.TempDir()}
	for _, f := range []string{"live/arm64/vmlinuz", "live/arm64/initrd", "live/omap4/vmlinuz", "live/omap4/initrd", "live/omap4/omap4-panda-es.dtb", "live/omap4/squashfs"} {
		s.put(f, []byte(f))
	}
	return s
}

func (s *site) put(name string, data []byte) {
	s.t.Helper()
	path := filepath.Join(s.dir, "files", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) options(yaml string) Options {
	s.t.Helper()
	path := filepath.Join(s.dir, "images.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return Options{Path: path, Files: filepath.Join(s.dir, "files"), Store: filepath.Join(s.dir, "store"),
		Builtin: map[string]string{Maintenance: "wait", SelfTest: "test"}}
}

func (s *site) load(yaml string) (*Catalogue, strictyaml.Problems) {
	s.t.Helper()
	return Load(s.options(yaml))
}

// must loads a good file.
func (s *site) must(yaml string) *Catalogue {
	s.t.Helper()
	c, problems := s.load(yaml)
	if problems != nil {
		s.t.Fatalf("Load: %v", problems)
	}
	return c
}

func gz(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	if err != nil || w.Close() != nil {
		panic("gzip into memory failed")
	}
	return b.Bytes()
}

func xzOf(data []byte) []byte {
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write(data); err != nil || w.Close() != nil {
		panic("xz into memory failed")
	}
	return b.Bytes()
}

func tarOf(files ...string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range files {
		err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(name)), Typeflag: tar.TypeReg})
		if err != nil {
			panic(err)
		}
		if _, err := w.Write([]byte(name)); err != nil {
			panic(err)
		}
	}
	if w.Close() != nil {
		panic("tar into memory failed")
	}
	return b.Bytes()
}

func mbrPut(record []byte, i int, kind byte, first, sectors uint32) {
	e := record[446+16*i:]
	e[4] = kind
	binary.LittleEndian.PutUint32(e[8:], first)
	binary.LittleEndian.PutUint32(e[12:], sectors)
	record[510], record[511] = 0x55, 0xaa
}

// mbrDisk has two primary partitions of 8 sectors, filled with 1 and 2, and an
// extended one with two logical ones.
func mbrDisk() []byte {
	d := make([]byte, 64*sector)
	mbrPut(d, 0, 0x0c, 8, 8)
	mbrPut(d, 1, 0x83, 16, 8)
	mbrPut(d, 2, typeExtended, 24, 40)
	mbrPut(d[24*sector:], 0, 0x83, 2, 4)
	mbrPut(d[24*sector:], 1, typeExtended, 16, 8)
	mbrPut(d[40*sector:], 0, 0x82, 2, 4)
	copy(d[8*sector:], bytes.Repeat([]byte{1}, 8*sector))
	copy(d[16*sector:], bytes.Repeat([]byte{2}, 8*sector))
	return d
}

// gptDisk has one partition, number 2, of sectors 40 to 47.
func gptDisk() []byte {
	d := make([]byte, 64*sector)
	mbrPut(d, 0, typeProtective, 1, 63)
	entries := d[2*sector : 2*sector+4*128]
	e := entries[128:]
	copy(e, []byte("\xaf\x3d\xc6\x0f\x83\x84\x72\x47\x8e\x79\x3d\x69\xd8\x47\x7d\xe4"))
	binary.LittleEndian.PutUint64(e[32:], 40)
	binary.LittleEndian.PutUint64(e[40:], 47)
	h := d[sector:]
	copy(h, "EFI PART")
	binary.LittleEndian.PutUint32(h[12:], 92)
	binary.LittleEndian.PutUint64(h[72:], 2)
	binary.LittleEndian.PutUint32(h[80:], 4)
	binary.LittleEndian.PutUint32(h[84:], 128)
	binary.LittleEndian.PutUint32(h[88:], crc32.ChecksumIEEE(entries))
	binary.LittleEndian.PutUint32(h[16:], crc32.ChecksumIEEE(h[:92]))
	return d
}

func image(keys string) string {
	return "images:\n- {name: v2, install: raw, hardware: [qemu-arm64], artifacts: [{name: disk, to: disk, " + keys + "}]}\n"
}

func wants(t *testing.T, got error, want string) {
	t.Helper()
	if got == nil || !strings.Contains(got.Error(), want) {
		t.Errorf("got:  %v\nwant: %s", got, want)
	}
}
