package systemtest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

const (
	diskSize = 32 << 20 // of a board's card, and of each image
	fillSize = 8 << 20
)

// filling is data that no other image has, and that does not compress.
func filling(name string) []byte {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash takes everything
	source := rand.New(rand.NewPCG(h.Sum64(), 0))
	data := make([]byte, fillSize)
	for i := range data {
		data[i] = byte(source.Uint32())
	}
	return data
}

// Image is a whole disk that boots, and how a server is to judge it.
type Image struct {
	Name   string
	Disk   []byte
	Verify string // as in images.yaml: {kind: callback}
	Limits string // as in images.yaml: {stall: 10s}
}

// NewImage makes an image whose kernel says that it is up by calling /up.
func NewImage(t testing.TB, m Machine, name string) Image {
	t.Helper()
	disk, err := m.disk(name, environment(t, m, "image"))
	if err != nil {
		t.Fatal(err)
	}
	return Image{Name: name, Disk: disk, Verify: "{kind: callback}", Limits: "{}"}
}

// writeTo puts the image, compressed, into a server's folder of artifacts.
func (i Image) writeTo(dir string) error {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := w.Write(i.Disk); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, i.Name+".img.gz"), packed.Bytes(), 0o644)
}

func (i Image) yaml(m Machine) string {
	return fmt.Sprintf("- {name: %[1]s, hardware: [%[2]s], install: raw, artifacts: [{name: disk, file: %[1]s.img.gz, to: disk}], verify: %[3]s, limits: %[4]s}\n",
		i.Name, m.Hardware, i.Verify, i.Limits)
}

var built sync.Map // folder → func() error

// once runs make the first time a test of this run asks for folder.
func once(folder string, make func() error) error {
	f, _ := built.LoadOrStore(folder, sync.OnceValue(make))
	return f.(func() error)()
}

// serverBinary is the server and command line, built from this tree.
func serverBinary(t testing.TB) string {
	t.Helper()
	path := filepath.Join(os.Getenv(inside), "mozpool")
	err := once(path, func() error { return run("go", "build", "-o", path, "mozpool/cmd/mozpool") })
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// environmentDir is a folder with vmlinuz and initrd as "mozpool live build"
// makes them: "live" is the real live environment, "image" the same kernel with
// an initrd that only says that it is up.
func environmentDir(t testing.TB, m Machine, kind string) string {
	t.Helper()
	dir := filepath.Join(os.Getenv(inside), kind+"-"+m.Arch)
	args := []string{"live", "build", "--arch", m.Arch, "--kernel", deb(t, "linux-image-*_"+m.Arch+".deb"),
		"--busybox", deb(t, "busybox-static_*_"+m.Arch+".deb"), "-o", dir}
	if kind == "image" {
		args = append(args, "--extra", "up.sh:/sbin/mobile-init.sh")
	}
	mozpool := serverBinary(t)
	if err := once(dir, func() error { return run(mozpool, args...) }); err != nil {
		t.Fatal(err)
	}
	return dir
}

func environment(t testing.TB, m Machine, kind string) Environment {
	t.Helper()
	dir := environmentDir(t, m, kind)
	kernel, err := os.ReadFile(filepath.Join(dir, "vmlinuz"))
	if err != nil {
		t.Fatal(err)
	}
	initrd, err := os.ReadFile(filepath.Join(dir, "initrd"))
	if err != nil {
		t.Fatal(err)
	}
	return Environment{kernel, initrd}
}

// deb is the one package that fits the pattern.
func deb(t testing.TB, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.Getenv(debs), pattern))
	if err != nil || len(found) != 1 {
		t.Skipf("%d packages %s in %s, one is needed: run cmd/mozpool/systemtest/fetch-debs", len(found), pattern, os.Getenv(debs))
	}
	return found[0]
}

func run(name string, args ...string) error {
	if out, err := command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w\n%s", name, args, err, out)
	}
	return nil
}
