package systemtest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const uboot = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"

// Machine is a kind of board: what QEMU is told to be, and what stands in
// images.yaml about it.
type Machine struct {
	Hardware string // the hardware type
	Arch     string // as Debian names it
	Console  string // the kernel's
	command  string
	packages string                                           // what to install where the command is missing
	needs    []string                                         // files beyond the command
	loader   string                                           // what U-Boot does at power-on; empty: NetFirst
	bootFile string                                           // that DHCP names; empty: PXELINUX
	boot     []string                                         // loaders that a server has in its folder boot
	firmware func(b *Board) error                             // writes what the board has besides its disk
	args     func(b *Board) []string                          // of QEMU
	disk     func(name string, e Environment) ([]byte, error) // an image that boots
}

// Environment is a kernel and an initrd.
type Environment struct{ Kernel, Initrd []byte }

// ARM is the board that is closest to the real ones: U-Boot from flash.
var ARM = Machine{
	Hardware: "qemu-arm64", Arch: "arm64", Console: "ttyAMA0", command: "qemu-system-aarch64",
	packages: "qemu-system-arm and u-boot-qemu", needs: []string{uboot},
	firmware: armFirmware, args: armArgs, disk: armDisk,
}

// armFirmware writes the two flash banks: U-Boot, and its environment.
func armFirmware(b *Board) error {
	code, err := os.ReadFile(uboot)
	if err != nil {
		return err
	}
	bank := filepath.Join(b.dir, "uboot.flash")
	up := fmt.Sprintf("http://%s:%d/up?image=", ServerAddress, httpPort)
	return errors.Join(os.WriteFile(bank, code, 0o644), os.Truncate(bank, bankSize),
		WriteFlash(filepath.Join(b.dir, "net.flash"), b.MAC, cmp.Or(b.machine.loader, NetFirst), up), WriteFlash(filepath.Join(b.dir, "disk.flash"), b.MAC, DiskOnly, up))
}

func armArgs(b *Board) []string {
	env := "net.flash"
	if b.diskOnly {
		env = "disk.flash"
	}
	return []string{"-M", "virt", "-cpu", "cortex-a53", "-m", "512",
		"-drive", "if=pflash,unit=0,format=raw,readonly=on,file=" + filepath.Join(b.dir, "uboot.flash"),
		"-drive", "if=pflash,unit=1,format=raw,file=" + filepath.Join(b.dir, env),
		"-device", "virtio-net-device,netdev=net,mac=" + b.MAC, "-device", "virtio-blk-device,drive=disk"}
}

// armDisk is an image that U-Boot's environment boots. Its last file differs
// from image to image and nothing before it but the name does: a card that is
// half overwritten by another image boots, answers, and is still not that image.
func armDisk(name string, e Environment) ([]byte, error) {
	return FATDisk(diskSize, map[string][]byte{"vmlinuz": e.Kernel, "initrd": e.Initrd,
		"up.env": fmt.Appendf(nil, "image=%s\n", name), "zdata.bin": filling(name)})
}
