package live

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// elfFile is the smallest file that debug/elf reads, with a .modinfo section.
func elfFile(machine elf.Machine, modinfo string, interp bool) []byte {
	var out bytes.Buffer
	names := "\x00.modinfo\x00.shstrtab\x00"
	progs := 0
	if interp {
		progs = 1
	}
	data := 64 + 56*progs
	sections := data + len(modinfo) + len(names)
	le := binary.LittleEndian
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_REL), Machine: uint16(machine), Version: 1, Phoff: 64, Shoff: uint64(sections), Ehsize: 64,
		Phentsize: 56, Phnum: uint16(progs), Shentsize: 64, Shnum: 3, Shstrndx: 2,
	}
	_ = binary.Write(&out, le, header)
	if interp {
		_ = binary.Write(&out, le, elf.Prog64{Type: uint32(elf.PT_INTERP)})
	}
	out.WriteString(modinfo + names)
	_ = binary.Write(&out, le, []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: uint64(data), Size: uint64(len(modinfo))},
		{Name: 10, Type: uint32(elf.SHT_STRTAB), Off: uint64(data + len(modinfo)), Size: uint64(len(names))},
	})
	return out.Bytes()
}

// kernelFile looks like an arm64 Image to the builder.
func kernelFile() []byte {
	image := make([]byte, 4096)
	copy(image[0x38:], "ARM\x64")
	return image
}

// deb makes a package whose data member is packed as the suffix says.
func deb(t *testing.T, suffix string, files map[string][]byte) string {
	t.Helper()
	var data bytes.Buffer
	packed := packer(t, suffix, &data)
	w := tar.NewWriter(packed)
	for name, content := range files {
		if err := w.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	out.WriteString(arMagic)
	for _, member := range []struct{ name, content string }{{"debian-binary", "2.0\n"}, {"control.tar", "odd"}, {"data.tar" + suffix, data.String()}} {
		fmt.Fprintf(&out, "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", member.name, 0, 0, 0, "100644", len(member.content), member.content)
		if len(member.content)%2 == 1 {
			out.WriteByte('\n')
		}
	}
	return file(t, "package.deb", out.Bytes())
}

func packer(t *testing.T, suffix string, w io.Writer) io.WriteCloser {
	t.Helper()
	var out io.WriteCloser
	var err error
	switch suffix {
	case ".xz":
		out, err = xz.NewWriter(w)
	case ".zst":
		out, err = zstd.NewWriter(w)
	default:
		return nopCloser{w}
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func file(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// packages are a kernel with three modules, and a busybox.
func packages(t *testing.T, suffix string) BuildOptions {
	t.Helper()
	module := func(depends string) []byte {
		return elfFile(elf.EM_AARCH64, "license=GPL\x00depends="+depends+"\x00", false)
	}
	const dir = "lib/modules/6.1/kernel/"
	return BuildOptions{
		Arch: "arm64", Output: filepath.Join(t.TempDir(), "live"), Logger: slog.New(slog.DiscardHandler),
		Kernel: deb(t, suffix, map[string][]byte{
			"boot/vmlinuz-6.1": kernelFile(), dir + "virtio_net.ko": module("net-failover,failover"), dir + "net_failover.ko": module("failover"),
			"usr/lib/linux-image-6.1/omap4-panda-es.dtb": []byte("\xd0\x0d\xfe\xed tree"), "usr/lib/linux-image-6.1/odd.dtb": []byte("/dts-v1/;"),
			dir + "failover.ko": module(""), dir + "unwanted.ko": module(""), dir + "broken.ko": module("nowhere"),
		}),
		Busybox: deb(t, suffix, map[string][]byte{"usr/bin/busybox": elfFile(elf.EM_AARCH64, "", false)}),
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"", ".xz", ".zst"} {
		o := packages(t, suffix)
		o.Extra = []string{file(t, "up.sh", []byte("echo up")) + ":/sbin/mobile-init.sh", file(t, "dropbear", []byte("x"))}
		o.DTB = "omap4-panda-es.dtb"
		result, err := Build(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if tree, err := os.ReadFile(result.DTB); err != nil || string(tree) != "\xd0\x0d\xfe\xed tree" || filepath.Base(result.DTB) != o.DTB {
			t.Errorf("device tree %s: %q, %v", result.DTB, tree, err)
		}
		if want := []string{"failover", "net_failover", "virtio_net"}; !slices.Equal(result.Modules, want) {
			t.Errorf("modules %v, want %v", result.Modules, want)
		}
		kernel, initrd := gunzip(t, result.Kernel), gunzip(t, result.Initrd)
		if !bytes.Equal(kernel, kernelFile()) {
			t.Error("the kernel changed")
		}
		for _, word := range []string{"dev/console", "bin/busybox", "lib/modules/virtio_net.ko", "failover.ko\nnet_failover.ko\nvirtio_net.ko\n", "echo up", "bin/dropbear", "TRAILER!!!"} {
			if !bytes.Contains(initrd, []byte(word)) {
				t.Errorf("%s is not in the initrd", word)
			}
		}
		again := o
		again.Output = t.TempDir()
		if _, err := Build(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(initrd, gunzip(t, filepath.Join(again.Output, "initrd"))) {
			t.Error("the same input gave another initrd")
		}
		if left, _ := filepath.Glob(filepath.Join(o.Output, ".live-*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

func gunzip(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	r, err := decompress(".gz", f)
	if err != nil {
		t.Fatal(err)
	}
	content, err := readAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(o *BuildOptions){
		"must be one of [amd64 arm64 armhf]": func(o *BuildOptions) { o.Arch = "mips" },
		"no output folder":                   func(o *BuildOptions) { o.Output = "" },
		"no kernel given":                    func(o *BuildOptions) { o.Kernel = "" },
		"no such file":                       func(o *BuildOptions) { o.Busybox = "nowhere.deb" },
		"right package":                      func(o *BuildOptions) { o.Kernel = o.Busybox },
		"not a bootable kernel":              func(o *BuildOptions) { o.Kernel = file(t, "vmlinuz", []byte("text")) },
		"is for EM_X86_64":                   func(o *BuildOptions) { o.Busybox = file(t, "b", elfFile(elf.EM_X86_64, "", false)) },
		"busybox-static":                     func(o *BuildOptions) { o.Busybox = file(t, "b", elfFile(elf.EM_AARCH64, "", true)) },
		"bad magic":                          func(o *BuildOptions) { o.Busybox = file(t, "b", []byte("#!/bin/sh and some more")) },
		"missing, wanted by the options":     func(o *BuildOptions) { o.Modules = []string{"missing"} },
		"nowhere, wanted by broken":          func(o *BuildOptions) { o.Modules = []string{"broken"} },
		"no path of a file":                  func(o *BuildOptions) { o.Extra = []string{o.Kernel + ":/"} },
		"not in package":                     func(o *BuildOptions) { o.DTB = "omap4-pnada.dtb" },
		"not a compiled device tree":         func(o *BuildOptions) { o.DTB = "odd.dtb" },
		"./none.dtb: no such file":           func(o *BuildOptions) { o.DTB = "./none.dtb" },
		"which folder":                       func(o *BuildOptions) { o.Kernel, o.Modules = file(t, "k", kernelFile()), []string{"x"} },
		"no data.tar":                        func(o *BuildOptions) { o.Kernel = file(t, "k.deb", []byte(arMagic)) },
		"broken member header":               func(o *BuildOptions) { o.Kernel = file(t, "k.deb", []byte(arMagic+strings.Repeat("x", arHeader))) },
	} {
		o := packages(t, "")
		change(&o)
		if _, err := Build(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
		if _, err := os.Stat(filepath.Join(o.Output, "initrd")); err == nil && o.Output != "" {
			t.Errorf("%s: an initrd was made all the same", want)
		}
	}
}

// TestBuildFromDebian uses real packages where MOZPOOL_DEBS names a folder of them.
func TestBuildFromDebian(t *testing.T) {
	t.Parallel()
	kernels, _ := filepath.Glob(filepath.Join(os.Getenv("MOZPOOL_DEBS"), "linux-image-*_arm64.deb"))
	busyboxes, _ := filepath.Glob(filepath.Join(os.Getenv("MOZPOOL_DEBS"), "busybox-static_*_arm64.deb"))
	if os.Getenv("MOZPOOL_DEBS") == "" || len(kernels) == 0 || len(busyboxes) == 0 {
		t.Skip("MOZPOOL_DEBS names no folder with linux-image-*_arm64.deb and busybox-static_*_arm64.deb, so real packages are not tried (cmd/mozpool/systemtest/fetch-debs gets them)")
	}
	result, err := Build(t.Context(), BuildOptions{Arch: "arm64", Kernel: kernels[0], Busybox: busyboxes[0], Output: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"virtio_net", "virtio_blk", "vfat"} {
		if !slices.Contains(result.Modules, name) {
			t.Errorf("module %s is missing from %v", name, result.Modules)
		}
	}
	if result.InitrdSize > 8<<20 || result.KernelSize > 32<<20 {
		t.Errorf("kernel %d, initrd %d bytes: too large to boot a rack from", result.KernelSize, result.InitrdSize)
	}
	if _, err := exec.LookPath("busybox"); err != nil {
		t.Skip("busybox is not installed, so the initrd is not unpacked by another program")
	}
	command := exec.Command("busybox", "sh", "-c", "zcat "+result.Initrd+" | busybox cpio -t 2>/dev/null")
	if list, err := command.Output(); err != nil || !strings.Contains(string(list), "sbin/mobile-init.sh\n") {
		t.Errorf("another cpio reads: %v\n%s", err, list)
	}
}
