package live

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// usualModules are loaded where the kernel has them as modules: network and
// disks of virtual boards, the SD, USB and network chips of common boards, and
// the file systems of cards. What a kernel has built in, or not at all, is left out.
var usualModules = []string{
	"virtio_mmio", "virtio_pci", "virtio_rng", "virtio_net", "virtio_blk", "virtio_scsi", "sd_mod", "e1000", "af_packet",
	"mmc_block", "sdhci_pltfm", "sdhci_iproc", "dw_mmc", "omap_hsmmc", "ehci_omap", "usb_storage", "uas", "smsc95xx", "asix",
	"crc32c_generic", // ext4 asks for it softly, so it is in no list of dependencies
	"ext4", "vfat", "nls_cp437", "nls_ascii", "nls_iso8859_1",
}

// module is a kernel module, unpacked.
type module struct {
	name    string // with _ for -
	depends []string
	content []byte
}

// collectModules gives the usual modules that exist and all that were asked
// for, each behind those that it depends on.
func collectModules(ctx context.Context, o BuildOptions) ([]module, error) {
	known := map[string]module{}
	err := walkModules(ctx, o, func(m module) {
		m.content = nil // a distribution has hundreds of MB of them
		known[m.name] = m
	})
	if err != nil {
		return nil, fmt.Errorf("modules: %w", err)
	}
	order, err := orderModules(known, o.Modules)
	if err != nil {
		return nil, err
	}
	found := map[string]module{}
	err = walkModules(ctx, o, func(m module) {
		if slices.Contains(order, m.name) {
			found[m.name] = m
		}
	})
	if err != nil {
		return nil, fmt.Errorf("modules: %w", err)
	}
	list := make([]module, 0, len(order))
	for _, name := range order {
		list = append(list, found[name])
	}
	return list, nil
}

// orderModules lists modules so that each comes behind its dependencies.
func orderModules(known map[string]module, asked []string) ([]string, error) {
	var order []string
	seen := map[string]bool{}
	var add func(name, wantedBy string) error
	add = func(name, wantedBy string) error {
		name = moduleName(name)
		if seen[name] {
			return nil
		}
		seen[name] = true
		m, ok := known[name]
		if !ok {
			return fmt.Errorf("module %s, wanted by %s, is not among the kernel's modules", name, wantedBy)
		}
		for _, needed := range m.depends {
			if err := add(needed, name); err != nil {
				return err
			}
		}
		order = append(order, name)
		return nil
	}
	for _, name := range asked {
		if err := add(name, "the options"); err != nil {
			return nil, err
		}
	}
	for _, name := range usualModules {
		if _, ok := known[name]; !ok {
			continue
		}
		if err := add(name, "the live environment"); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// walkModules reads every module of the kernel's package or folder.
func walkModules(ctx context.Context, o BuildOptions, visit func(module)) error {
	each := func(name string, r io.Reader) error {
		if !strings.Contains(path.Base(name), ".ko") {
			return nil
		}
		m, err := readModule(name, r)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		visit(m)
		return nil
	}
	if o.ModulesFrom != "" {
		return walkFolder(ctx, o.ModulesFrom, each)
	}
	if isDeb(o.Kernel) {
		return walkDeb(ctx, o.Kernel, each)
	}
	return nil
}

func walkFolder(ctx context.Context, dir string, visit func(name string, content io.Reader) error) error {
	return filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close() //nolint:errcheck // only read
		return visit(name, file)
	})
}

// readModule unpacks a module and reads what it depends on from itself, as
// packages do not contain modules.dep.
func readModule(name string, r io.Reader) (module, error) {
	unpacked, err := decompress(name, r)
	if err != nil {
		return module{}, err
	}
	content, err := readAll(unpacked)
	if err != nil {
		return module{}, err
	}
	file, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return module{}, err
	}
	section := file.Section(".modinfo")
	if section == nil {
		return module{}, fmt.Errorf("not a kernel module: no .modinfo")
	}
	info, err := section.Data()
	if err != nil {
		return module{}, err
	}
	base, _, _ := strings.Cut(path.Base(name), ".ko")
	return module{name: moduleName(base), depends: dependencies(info), content: content}, nil
}

// dependencies reads `depends=a,b` from a module's NUL-separated .modinfo.
func dependencies(info []byte) []string {
	var names []string
	for line := range strings.SplitSeq(string(info), "\x00") {
		list, ok := strings.CutPrefix(line, "depends=")
		if !ok || list == "" {
			continue
		}
		for name := range strings.SplitSeq(list, ",") {
			names = append(names, moduleName(name))
		}
	}
	return names
}

// moduleName writes a module's name as the kernel does.
func moduleName(name string) string {
	return strings.ReplaceAll(strings.TrimSpace(name), "-", "_")
}
