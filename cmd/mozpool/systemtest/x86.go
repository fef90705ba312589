package systemtest

import (
	"fmt"
	"os"
	"path/filepath"
)

// Files of Debian's pxelinux and syslinux-common.
const (
	pxelinux = "/usr/lib/PXELINUX/lpxelinux.0"
	ldlinux  = "/usr/lib/syslinux/modules/bios/ldlinux.c32"
	rom      = "/usr/lib/ipxe/qemu/pxe-virtio.rom" // iPXE itself, of ipxe-qemu
	bootCode = "/usr/lib/syslinux/mbr/mbr.bin"
)

// X86 is a PC with PXE firmware (iPXE's), which boots PXELINUX from the network.
var X86 = Machine{
	Hardware: "qemu-amd64", Arch: "amd64", Console: "ttyS0", command: "qemu-system-x86_64",
	packages: "qemu-system-x86, ipxe-qemu, pxelinux, syslinux-common, syslinux and mtools",
	needs:    []string{pxelinux, ldlinux, bootCode, "/usr/bin/syslinux", "/usr/bin/mcopy"},
	boot:     []string{pxelinux, ldlinux},
	firmware: func(*Board) error { return nil }, // it is QEMU's own
	args:     x86Args, disk: x86Disk,
}

// IPXE is the same PC without PXELINUX: its ROM is told of the server's own script, by HTTP,
// which the simulated boards do not ask by, and nothing is in the folder boot.
var IPXE = Machine{
	Hardware: X86.Hardware, Arch: X86.Arch, Console: X86.Console, command: X86.command,
	packages: "qemu-system-x86, ipxe-qemu, syslinux-common, syslinux and mtools",
	needs:    []string{rom, bootCode, "/usr/bin/syslinux", "/usr/bin/mcopy"},
	bootFile: fmt.Sprintf("http://%s:%d/boot/boot.ipxe", ServerAddress, httpPort), firmware: X86.firmware, args: x86Args, disk: x86Disk,
}

func x86Args(b *Board) []string {
	order := "order=nc"
	if b.diskOnly {
		order = "order=c"
	}
	return []string{"-M", "pc", "-m", "512", "-boot", order, "-device", "virtio-net-pci,netdev=net,mac=" + b.MAC,
		"-device", "virtio-blk-pci,drive=disk"}
}

// x86Disk is an image that the BIOS boots by SYSLINUX.
func x86Disk(name string, e Environment) ([]byte, error) {
	config := fmt.Sprintf("SERIAL 0 115200\nDEFAULT image\nPROMPT 0\nLABEL image\nLINUX vmlinuz\nINITRD initrd\n"+
		"APPEND console=ttyS0 panic=10 mozpool-up=http://%s:%d/up?image=%s\n", ServerAddress, httpPort, name)
	disk, err := FATDisk(diskSize, map[string][]byte{"vmlinuz": e.Kernel, "initrd": e.Initrd, "syslinux.cfg": []byte(config), "zdata.bin": filling(name)})
	if err != nil {
		return nil, err
	}
	code, err := os.ReadFile(bootCode)
	if err != nil {
		return nil, err
	}
	copy(disk, code)
	path := filepath.Join(os.Getenv(inside), "syslinux.img")
	if err := os.WriteFile(path, disk, 0o644); err != nil {
		return nil, err
	}
	if err := run("syslinux", "--install", "--offset", fmt.Sprint(firstSector*sector), path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
