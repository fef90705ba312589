package firstrack

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"

	"mozpool/netboot/boardsim"
)

// download makes what the README's reader has fetched: two of Debian's packages, and a vendor's image.
func (s *site) download() {
	s.t.Helper()
	kernel := make([]byte, 64<<10)
	copy(kernel[0x24:], "\x18\x28\x6f\x01") // a zImage
	s.put("linux-image-6.1.0-49-armmp_6.1.174-1_armhf.deb", deb(s.t, map[string][]byte{"boot/vmlinuz-6.1.0-49-armmp": kernel,
		"usr/lib/linux-image-6.1.0-49-armmp/omap4-panda-es.dtb": []byte("\xd0\x0d\xfe\xed and a tree")}))
	s.put("busybox-static_1.35.0-4_armhf.deb", deb(s.t, map[string][]byte{"bin/busybox": busybox()}))
	s.put("vendor-1.2.img.xz", vendor(s.t))
}

// busybox is the smallest static program for ARM.
func busybox() []byte {
	var out bytes.Buffer
	_ = binary.Write(&out, binary.LittleEndian, elf.Header32{ // into memory, which never fails
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS32), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_ARM), Version: 1, Ehsize: 52})
	return out.Bytes()
}

// deb makes a package: an ar archive with the files in data.tar.
func deb(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var data bytes.Buffer
	w := tar.NewWriter(&data)
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
	out := bytes.NewBufferString("!<arch>\n")
	for _, m := range []struct{ name, content string }{{"debian-binary", "2.0\n"}, {"data.tar", data.String()}} {
		fmt.Fprintf(out, "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s%s", m.name, 0, 0, 0, "100644", len(m.content), m.content, strings.Repeat("\n", len(m.content)%2))
	}
	return out.Bytes()
}

// vendor is an image as vendors make them: a partition for the loader, and one with the system.
func vendor(t *testing.T) []byte {
	t.Helper()
	const root, size = 4 << 20, 256 << 10
	disk := make([]byte, root, root+size)
	for i, p := range [][3]uint32{{0x0c, 2048, 2048}, {0x83, root / 512, size / 512}} {
		e := disk[446+16*i:]
		e[4] = byte(p[0])
		binary.LittleEndian.PutUint32(e[8:], p[1])
		binary.LittleEndian.PutUint32(e[12:], p[2])
	}
	disk[510], disk[511] = 0x55, 0xaa
	system := bytes.NewBuffer(disk)
	if err := boardsim.MakeImage(system, boardsim.Image{Name: "vendor-1.2"}, size); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := xz.NewWriter(&out)
	if err == nil {
		_, err = w.Write(system.Bytes())
	}
	if err != nil || w.Close() != nil {
		t.Fatal("xz into memory failed", err)
	}
	return out.Bytes()
}
