package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
)

// BuildOptions say what a live environment is made of.
type BuildOptions struct {
	// Arch is Debian's name of the boards' architecture: arm64, armhf, amd64.
	Arch string
	// Kernel is a Debian package with a kernel and its modules, or a kernel
	// (vmlinuz, Image, zImage) as it is.
	Kernel string
	// Busybox is Debian's busybox-static, or a static busybox.
	Busybox string
	// ModulesFrom is a folder with the kernel's modules (lib/modules/VERSION).
	// Only needed where Kernel is no package; without it there are no modules.
	ModulesFrom string
	// Modules are names of kernel modules beyond the usual ones. Unlike the
	// usual ones, these must exist.
	Modules []string
	// Extra are further files for the initrd, as FILE (goes to /bin) or
	// FILE:/PATH/IN/INITRD, such as a static dropbear.
	Extra []string
	// DTB is the device tree of boards whose loader has none: the bare name of
	// one in the kernel's package, or the path of a file. It keeps its name.
	DTB string
	// Output is the folder that gets vmlinuz, initrd and the device tree; made
	// if missing.
	Output string
	// Logger tells what was chosen; nil is silence.
	Logger *slog.Logger
}

// BuildResult is what Build made.
type BuildResult struct {
	Kernel, Initrd         string   // paths
	DTB                    string   // path; empty: none was asked for
	KernelSize, InitrdSize int64    // bytes
	Modules                []string // names, in the order in which they are loaded
}

// Build makes Output/vmlinuz and Output/initrd, byte for byte the same from the
// same input, as any user and without tools of the system. All files are
// replaced at once; on an error what was there stays.
func Build(ctx context.Context, o BuildOptions) (BuildResult, error) {
	if err := o.validate(); err != nil {
		return BuildResult{}, err
	}
	arch := architectures[o.Arch]
	kernel, err := readKernel(ctx, o.Kernel, arch)
	if err != nil {
		return BuildResult{}, err
	}
	busybox, err := readBusybox(ctx, o.Busybox, arch)
	if err != nil {
		return BuildResult{}, err
	}
	modules, err := collectModules(ctx, o)
	if err != nil {
		return BuildResult{}, err
	}
	extra, err := readExtra(o.Extra)
	if err != nil {
		return BuildResult{}, err
	}
	initrd, err := initrd(busybox, modules, extra)
	if err != nil {
		return BuildResult{}, err
	}
	dtb, err := readDTB(ctx, o)
	if err != nil {
		return BuildResult{}, err
	}
	result := BuildResult{
		Kernel: filepath.Join(o.Output, "vmlinuz"), KernelSize: int64(len(kernel)),
		Initrd: filepath.Join(o.Output, "initrd"), InitrdSize: int64(len(initrd)),
	}
	for _, m := range modules {
		result.Modules = append(result.Modules, m.name)
	}
	files := map[string][]byte{result.Kernel: kernel, result.Initrd: initrd}
	if o.DTB != "" {
		result.DTB = filepath.Join(o.Output, filepath.Base(o.DTB))
		files[result.DTB] = dtb
	}
	if err := writeFiles(o.Output, files); err != nil {
		return BuildResult{}, err
	}
	if o.Logger != nil {
		o.Logger.Info("live environment built", "arch", o.Arch, "kernel", result.KernelSize, "initrd", result.InitrdSize, "modules", result.Modules)
	}
	return result, nil
}

// validate reports all that is wrong with the options before anything is read.
func (o BuildOptions) validate() error {
	var errs []error
	if _, ok := architectures[o.Arch]; !ok {
		errs = append(errs, fmt.Errorf("architecture %q: must be one of %v", o.Arch, archNames()))
	}
	if o.Output == "" {
		errs = append(errs, errors.New("no output folder"))
	}
	for _, input := range []struct{ what, path string }{{"kernel", o.Kernel}, {"busybox", o.Busybox}} {
		if input.path == "" {
			errs = append(errs, fmt.Errorf("no %s given: name a Debian package or a file", input.what))
		} else if _, err := os.Stat(input.path); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", input.what, err))
		}
	}
	if len(o.Modules) > 0 && !isDeb(o.Kernel) && o.ModulesFrom == "" {
		errs = append(errs, errors.New("modules are named, but the kernel is no package: say which folder has its modules"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("live environment: %w", err)
	}
	return nil
}

// writeFiles writes each file under a temporary name, synced, and renames them
// when all are there, so that no board is served a half-made one.
func writeFiles(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("live environment: %w", err)
	}
	written := map[string]string{}
	defer func() {
		for temporary := range written {
			_ = os.Remove(temporary) // gone already when renamed
		}
	}()
	for path, content := range files {
		temporary, err := writeTemporary(dir, content)
		if temporary != "" {
			written[temporary] = path
		}
		if err != nil {
			return fmt.Errorf("live environment: write %s: %w", path, err)
		}
	}
	for temporary, path := range written {
		if err := os.Rename(temporary, path); err != nil {
			return fmt.Errorf("live environment: %w", err)
		}
	}
	return nil
}

func writeTemporary(dir string, content []byte) (name string, err error) {
	file, err := os.CreateTemp(dir, ".live-*")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Write(content); err != nil {
		return file.Name(), err
	}
	if err := file.Chmod(0o644); err != nil {
		return file.Name(), err
	}
	return file.Name(), file.Sync()
}

func archNames() []string {
	names := make([]string, 0, len(architectures))
	for name := range architectures {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
