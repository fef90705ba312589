package systemtest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
)

// envSize is CONFIG_ENV_SIZE of Debian's qemu_arm64 U-Boot; the environment
// lies at the start of the second flash bank.
const (
	envSize  = 256 << 10
	bankSize = 64 << 20
)

// What a loader on flash does at power-on.
const (
	NetFirst = "dhcp; pxe get; pxe boot; run local"    // as a real board's
	Windows  = "setenv tftpwindowsize 16; " + NetFirst // one that asks for RFC 7440's windows
	DiskOnly = "run local"                             // one that has forgotten its network
)

// WriteFlash makes the flash bank with a U-Boot environment whose boot command
// is bootcmd; the stock one never asks for PXELINUX files. An image on the disk
// is the files vmlinuz, initrd and up.env (image=NAME); it calls upURL with that
// name at its end.
func WriteFlash(path, mac, bootcmd, upURL string) error {
	// ethaddr is set since U-Boot misreads virtio-net's address; addresses lie
	// far enough apart for a kernel that unpacks to 27 MiB.
	const load = "fatload virtio 0:1 "
	local := "virtio scan; if " + load + "${loadaddr} up.env; then env import -t ${loadaddr} ${filesize}; " +
		load + "${kernel_addr_r} vmlinuz; " + load + "${ramdisk_addr_r} initrd; setenv rd ${ramdisk_addr_r}:${filesize}; " +
		"setenv bootargs console=ttyAMA0 panic=10 mozpool-up=" + upURL + "${image}; " +
		"booti ${kernel_addr_r} ${rd} ${fdtcontroladdr}; fi; sleep 2; reset"
	var block bytes.Buffer
	for _, pair := range [][2]string{
		{"ethaddr", mac}, {"bootdelay", "0"}, {"autoload", "no"},
		{"stdin", "pl011@9000000"}, {"stdout", "pl011@9000000"}, {"stderr", "pl011@9000000"},
		{"kernel_addr_r", "0x40400000"}, {"kernel_comp_addr_r", "0x58000000"}, {"kernel_comp_size", "0x4000000"},
		{"ramdisk_addr_r", "0x50000000"}, {"pxefile_addr_r", "0x44f00000"}, {"loadaddr", "0x40200000"},
		{"local", local}, {"localcmd", "run local"}, {"bootcmd", bootcmd},
	} {
		fmt.Fprintf(&block, "%s=%s\x00", pair[0], pair[1])
	}
	if block.Len() > envSize-5 {
		return fmt.Errorf("U-Boot environment of %d bytes does not fit", block.Len())
	}
	content := make([]byte, envSize)
	copy(content[4:], block.Bytes())
	binary.LittleEndian.PutUint32(content, crc32.ChecksumIEEE(content[4:]))
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return err
	}
	return os.Truncate(path, bankSize) // the rest is a hole
}
