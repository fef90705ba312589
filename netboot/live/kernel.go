package live

import (
	"bytes"
	"compress/gzip"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// architecture is how a kernel and a program of one kind of board look.
type architecture struct {
	machine elf.Machine
	offset  int    // where the kernel's magic lies
	magic   string // what stands there
	pack    bool   // gzip the kernel: the loader unpacks it, and it loads faster
}

// architectures by Debian's names. U-Boot's booti unpacks a gzipped arm64
// Image; the others unpack themselves.
var architectures = map[string]architecture{
	"arm64": {elf.EM_AARCH64, 0x38, "ARM\x64", true},
	"armhf": {elf.EM_ARM, 0x24, "\x18\x28\x6f\x01", false},
	"amd64": {elf.EM_X86_64, 0x202, "HdrS", false},
}

// readKernel gives the kernel as it is served: checked, gzipped for arm64.
func readKernel(ctx context.Context, name string, arch architecture) ([]byte, error) {
	image, err := readOne(ctx, name, func(path string) bool { return strings.HasPrefix(path, "boot/vmlinu") })
	if err != nil {
		return nil, fmt.Errorf("kernel: %w", err)
	}
	if bytes.HasPrefix(image, []byte{0x1f, 0x8b}) {
		unpacked, err := decompress(".gz", bytes.NewReader(image))
		if err != nil {
			return nil, fmt.Errorf("kernel %s: %w", name, err)
		}
		if image, err = readAll(unpacked); err != nil {
			return nil, fmt.Errorf("kernel %s: %w", name, err)
		}
	}
	end := arch.offset + len(arch.magic)
	if len(image) < end || string(image[arch.offset:end]) != arch.magic {
		return nil, fmt.Errorf("kernel %s: not a bootable kernel of this architecture", name)
	}
	if !arch.pack {
		return image, nil
	}
	return gzipped(image)
}

// readBusybox gives a busybox that runs without libraries on this architecture.
func readBusybox(ctx context.Context, name string, arch architecture) ([]byte, error) {
	program, err := readOne(ctx, name, func(path string) bool {
		return path == "bin/busybox" || path == "usr/bin/busybox"
	})
	if err != nil {
		return nil, fmt.Errorf("busybox: %w", err)
	}
	file, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return nil, fmt.Errorf("busybox %s: %w", name, err)
	}
	if file.Machine != arch.machine {
		return nil, fmt.Errorf("busybox %s: is for %s, not for %s", name, file.Machine, arch.machine)
	}
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP {
			return nil, fmt.Errorf("busybox %s: needs shared libraries: give Debian's busybox-static", name)
		}
	}
	return program, nil
}

// readDTB gives the device tree that the options name; nil for none.
func readDTB(ctx context.Context, o BuildOptions) ([]byte, error) {
	if o.DTB == "" {
		return nil, nil
	}
	from, inPackage := o.DTB, isDeb(o.Kernel) && filepath.Base(o.DTB) == o.DTB
	if inPackage {
		from = o.Kernel
	}
	tree, err := readOne(ctx, from, func(name string) bool { return path.Base(name) == o.DTB })
	switch {
	case errors.Is(err, errNotInPackage):
		return nil, fmt.Errorf("device tree %s: not in package %s; dpkg --contents lists those that are, and ./%s is a file", o.DTB, o.Kernel, o.DTB)
	case err != nil:
		return nil, fmt.Errorf("device tree: %w", err)
	case !bytes.HasPrefix(tree, []byte("\xd0\x0d\xfe\xed")):
		return nil, fmt.Errorf("device tree %s: not a compiled device tree (.dtb)", o.DTB)
	}
	return tree, nil
}

var errNotInPackage = errors.New("does not contain it: is it the right package (not a meta-package)?")

// readOne reads the one wanted file of a package, or a file as it is.
func readOne(ctx context.Context, name string, wanted func(path string) bool) ([]byte, error) {
	if !isDeb(name) {
		return os.ReadFile(name)
	}
	var content []byte
	err := walkDeb(ctx, name, func(path string, r io.Reader) error {
		if !wanted(path) {
			return nil
		}
		var err error
		if content, err = readAll(r); err != nil {
			return err
		}
		return errStop
	})
	if err == nil && content == nil {
		err = fmt.Errorf("package %s %w", name, errNotInPackage)
	}
	return content, err
}

// gzipped packs reproducibly: no name, no time.
func gzipped(content []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(content)
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}
