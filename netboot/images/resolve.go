package images

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"mozpool/persistence/strictyaml"
)

// Resolve pins all that an attempt to put an image onto a board of a hardware
// type needs, under the config of its wish. Errors are *UnknownError,
// *ConfigError and *RefusedError where the wish is at fault. It reads the live
// environment and templated files that are not in the index yet, and fetches
// those that are URLs, which may take minutes: call it outside of actors.
func (c *Catalogue) Resolve(ctx context.Context, imageName, hardwareName string, config map[string]string) (Order, error) {
	image, ok := c.images[imageName]
	if !ok {
		if err := c.arriving(imageName); err != nil {
			return Order{}, err
		}
		return Order{}, &UnknownError{"image", imageName, strictyaml.Nearest(imageName, slices.Sorted(maps.Keys(c.images)))}
	}
	hardware, ok := c.hardware[hardwareName]
	if !ok {
		return Order{}, &UnknownError{"hardware type", hardwareName, strictyaml.Nearest(hardwareName, slices.Sorted(maps.Keys(c.hardware)))}
	}
	if err := fits(image, hardwareName, config); err != nil {
		return Order{}, err
	}
	machine, err := c.machine(image.Name, hardware)
	if err != nil {
		return Order{}, err
	}
	order := Order{Image: image.Name, Hardware: machine, Install: image.Install, Script: image.Script, Readback: image.Readback,
		Verify: image.Verify, Limits: mergeLimits(hardware.Limits, image.Limits), Config: maps.Clone(config), Compat: image.Compat}
	var sums []string
	for _, spec := range image.Artifacts {
		a, err := c.resolveArtifact(ctx, image, spec, hardwareName, config)
		if err != nil {
			return Order{}, err
		}
		if area, hit := overwrites(a, hardware.Keep); hit {
			return Order{}, &RefusedError{imageName, hardwareName, fmt.Sprintf("artifact %s would overwrite %s, which holds the boot loader", a.Name, area),
				"write its partitions one by one with part: N, but for those kept"}
		}
		order.Artifacts = append(order.Artifacts, a)
		sums = append(sums, a.SHA256)
	}
	order.Revision = revisionOf(image, sums)
	c.saveIndex()
	return order, nil
}

// saveIndex keeps what Resolve measured. A failure costs time at the next
// start, and no wish.
func (c *Catalogue) saveIndex() {
	if err := c.index.save(); err != nil && c.options.Logger != nil {
		c.options.Logger.Warn("index of artifacts not saved", "err", err)
	}
}

// fits checks what needs no file: the type, and the keys of the config.
func fits(image Image, hardware string, config map[string]string) error {
	if len(image.Hardware) > 0 && !slices.Contains(image.Hardware, hardware) {
		return &RefusedError{image.Name, hardware, fmt.Sprintf("it is for %v only", image.Hardware), "choose an image for this hardware type"}
	}
	for _, key := range image.ConfigKeys {
		if config[key] == "" {
			return &ConfigError{Image: image.Name, Key: key, Reason: "is missing; the image requires it"}
		}
	}
	for key := range config {
		if !configKey.MatchString(key) {
			return &ConfigError{Image: image.Name, Key: fmt.Sprintf("%q", key), Reason: "cannot be a key; use letters, digits and underscores"}
		}
	}
	if image.Install == InstallScript && image.Script == "" {
		return &RefusedError{image.Name, hardware, "this server has no script for it", "use a server that has it built in"}
	}
	return nil
}

func (c *Catalogue) resolveArtifact(ctx context.Context, image Image, spec ArtifactSpec, hardware string, config map[string]string) (Artifact, error) {
	if isTemplate(spec.File) {
		return c.resolveTemplated(ctx, image, spec, config)
	}
	in, name := spec.place()
	a, _, err := c.pin(in, name, image.Install, spec)
	if err != nil {
		return a, &RefusedError{image.Name, hardware, fmt.Sprintf("artifact %s: %v", spec.Name, err), "put the file right, then ask again"}
	}
	return a, nil
}

// resolveTemplated pins a file that the wish's config names. Whatever is wrong
// with that file is put down to the key.
func (c *Catalogue) resolveTemplated(ctx context.Context, image Image, spec ArtifactSpec, config map[string]string) (Artifact, error) {
	name, keys, err := resolveFile(image.Name, spec, config)
	if err != nil {
		return Artifact{}, err
	}
	spec.File = name
	in, where := InFiles, path.Join(artifactsFolder, name)
	if isURL(name) {
		in = InStore
		where, err = c.fetch(ctx, name, spec.Allow)
	}
	var a Artifact
	if err == nil {
		a, _, err = c.pin(in, where, image.Install, spec)
	}
	if err != nil {
		return Artifact{}, &ConfigError{Image: image.Name, Key: keys, Reason: fmt.Sprintf("does not fit: artifact %s: %v", spec.Name, err), Err: err}
	}
	return a, nil
}

// machine pins a hardware type with its live environment.
func (c *Catalogue) machine(image string, h Hardware) (Machine, error) {
	m := Machine{Name: h.Name, Append: h.Append, Disk: h.Disk, Keep: slices.Clone(h.Keep), Loader: h.Loader, Entry: h.Entry}
	dtb := h.FDT
	if dtb == "" {
		dtb = "board.dtb"
	}
	for _, f := range []struct {
		name string
		into func(File)
		must bool
	}{
		{"vmlinuz", func(f File) { m.Kernel = f }, true},
		{"initrd", func(f File) { m.Initrd = f }, true},
		{dtb, func(f File) { m.FDT = &f }, h.FDT != ""},
		{"squashfs", func(f File) { m.Squashfs = &f }, false},
	} {
		name := path.Join(h.Live, f.name)
		known, err := c.index.whole(InFiles, name)
		switch {
		case err == nil && known.Size == 0:
			return m, &RefusedError{image, h.Name, name + " is empty", "build the live environment again: mozpool live build"}
		case err == nil:
			f.into(File{In: InFiles, Path: name, Size: known.Size, ModTime: known.ModTime, SHA256: known.SHA256})
		case !errors.Is(err, fs.ErrNotExist):
			return m, fmt.Errorf("live environment of %s: %w", h.Name, err)
		case f.must:
			return m, &RefusedError{image, h.Name, "its live environment lacks " + name, "build it with: mozpool live build" + buildFlag(h, f.name)}
		}
	}
	return m, nil
}

// buildFlag is what the builder must be told to make a file that it does not make by itself.
func buildFlag(h Hardware, file string) string {
	if file == h.FDT {
		return " --dtb " + file
	}
	return ""
}

// mergeLimits lays the image's limits over the hardware type's.
func mergeLimits(hardware, image Limits) Limits {
	out := maps.Clone(hardware)
	if out == nil {
		out = Limits{}
	}
	maps.Copy(out, image)
	return out
}

// TarFiles lists the regular files of a pinned archive with what they hold, wherever on this server the archive lies; a
// *LackingError says that it is being fetched.
func (c *Catalogue) TarFiles(a Artifact) ([]TarFile, error) {
	f, err := c.index.archive(a.In, a.Path, a.Compression)
	if err == nil && f.SHA256 == a.SHA256 {
		return slices.Clone(f.Tar), nil
	}
	changed := &ChangedError{Path: a.Path, Was: a.SHA256, Is: f.SHA256}
	for _, at := range c.index.with(a.SHA256) {
		if f, err := c.index.archive(at.In, at.Path, a.Compression); err == nil && f.SHA256 == a.SHA256 {
			return slices.Clone(f.Tar), nil
		}
	}
	other, ierr := c.instead(a.File, changed)
	if ierr == nil { // it is there, and cannot be listed
		ierr = other.Close()
	}
	return nil, fmt.Errorf("list archive %s: %w", a.Name, errors.Join(ierr, err))
}
