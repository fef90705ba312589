package images

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"mozpool/persistence/strictyaml"
)

// artifactsFolder is where artifacts lie below files.
const artifactsFolder = "artifacts"

// artifact checks one artifact of an image and returns the hash of its file, ""
// for a templated one, whose file is known only with a wish.
func (l *loader) artifact(i *Image, a ArtifactSpec, at []string) string {
	l.target(i.Install, a, at)
	if a.Stored && !l.upload(a, at) {
		return ""
	}
	if isTemplate(a.File) {
		if err := checkFileTemplate(a, i.ConfigKeys); err != nil {
			l.fail(below(at, "file"), err, "")
		}
		return ""
	}
	if len(a.Allow) > 0 {
		l.add(below(at, "allow"), "means nothing for a file without a template", "remove it, or use {{.Config.KEY}} in file")
	}
	if !fs.ValidPath(a.File) || a.File == "." {
		l.add(below(at, "file"), fmt.Sprintf("%q is no file below artifacts", a.File), "write a path like v2.img.gz, without .. and a leading slash")
		return ""
	}
	in, name := a.place()
	pinned, f, err := l.c.pin(in, name, i.Install, a)
	if err != nil {
		l.fail(below(at, fileOrPart(err)), err, "")
		return ""
	}
	l.keep(*i, a, pinned, f, at)
	return pinned.SHA256
}

// fileOrPart is the key that an error of pin is put down to.
func fileOrPart(err error) string {
	var p *partError
	var s *sumError
	switch {
	case errors.As(err, &p):
		return "part"
	case errors.As(err, &s):
		return "sha256"
	}
	return "file"
}

// target checks where an artifact goes.
func (l *loader) target(install Install, a ArtifactSpec, at []string) {
	if a.SHA256 != "" && !hexDigest.MatchString(a.SHA256) {
		l.add(below(at, "sha256"), fmt.Sprintf("%q is no sha256", a.SHA256), "write 64 hexadecimal digits, as sha256sum prints them")
	}
	if a.Part < 0 || a.Part > maxPart {
		l.add(below(at, "part"), fmt.Sprintf("%d is no partition", a.Part), "count from 1, as Linux does")
	}
	_, partition := parsePart(a.To)
	switch {
	case a.To == "" && install == InstallScript:
	case a.To == "":
		l.add(at, fmt.Sprintf("artifact %s has no to", a.Name), "say where it goes: disk or p1, p2 …")
	case a.To == "disk" && install == InstallTar:
		l.add(below(at, "to"), "an archive goes into a partition, not onto the disk", "write p1, p2 …")
	case a.To != "disk" && !partition:
		l.add(below(at, "to"), fmt.Sprintf("%q is no place on a board", a.To), "write disk or p1, p2 …")
	}
	if a.Part != 0 && install == InstallTar {
		l.add(below(at, "part"), "means nothing for an archive", "remove it")
	}
}

// partError and sumError say which key of an artifact is to blame.
type (
	partError struct{ error }
	sumError  struct{ error }
)

func (e *partError) Unwrap() error { return e.error }
func (e *sumError) Unwrap() error  { return e.error }

// pin measures a file and makes an artifact of it: of the file itself, or where the server unpacks it for the boards, of
// what it unpacks to in the store.
func (c *Catalogue) pin(in Folder, name string, install Install, a ArtifactSpec) (Artifact, facts, error) {
	packed := compressionOf(a.File)
	if in == InStore {
		c.index.touch(name)
	}
	if !decodes(packed, a) {
		f, err := c.measure(in, name, packed, install, a.Part)
		if err == nil {
			err = fitting(name, f, a)
		}
		if err != nil {
			return Artifact{}, f, explainFile(name, err)
		}
		return pinned(in, name, packed, f, a)
	}
	f, err := c.index.whole(in, name)
	if err == nil {
		err = fitting(name, f, a)
	}
	var plain string
	if err == nil {
		plain, err = c.decoded(in, name, packed)
	}
	if err == nil {
		f, err = c.measure(InStore, plain, Plain, install, a.Part)
	}
	if err != nil {
		return Artifact{}, f, explainFile(name, err)
	}
	return pinned(InStore, plain, Plain, f, a)
}

// fitting compares a file as it lies there with what the image says of it.
func fitting(name string, f facts, a ArtifactSpec) error {
	if f.Size == 0 {
		return &strictyaml.RemedyError{What: name + " is empty", Remedy: "copy it again"}
	}
	if a.SHA256 != "" && f.SHA256 != a.SHA256 {
		return &sumError{&strictyaml.RemedyError{What: fmt.Sprintf("%s has sha256 %s", name, f.SHA256),
			Remedy: "copy the file again if it is damaged, or write this hash if it is meant"}}
	}
	return nil
}

// pinned makes an artifact of a file and its facts.
func pinned(in Folder, name string, packed Compression, f facts, a ArtifactSpec) (Artifact, facts, error) {
	out := Artifact{Name: a.Name, Compression: packed, To: a.To, Part: a.Part, Unpacked: *f.Unpacked, TarFiles: len(f.Tar),
		File: File{In: in, Path: name, Size: f.Size, ModTime: f.ModTime, SHA256: f.SHA256}}
	if a.Part > 0 {
		p, err := f.partition(a.Part)
		if err != nil {
			return Artifact{}, f, &partError{err}
		}
		out.Unpacked, out.Offset = f.Parts[a.Part], p.Start
	}
	if out.Unpacked.Size == 0 {
		return Artifact{}, f, &strictyaml.RemedyError{What: name + " unpacks to nothing", Remedy: "make it again"}
	}
	return out, f, nil
}

func (c *Catalogue) measure(in Folder, name string, packed Compression, install Install, part int) (facts, error) {
	switch {
	case install == InstallTar:
		return c.index.archive(in, name, packed)
	case part > 0:
		f, err := c.index.unpacked(in, name, packed)
		if err != nil || f.Size == 0 {
			return f, err
		}
		if f, err = c.index.part(in, name, packed, part); err != nil {
			return f, &partError{err}
		}
		return f, nil
	}
	return c.index.unpacked(in, name, packed)
}

// explainFile adds the remedy to the usual mishaps with files.
func explainFile(name string, err error) error {
	var p *partError
	var s *sumError
	var known *strictyaml.RemedyError
	switch {
	case errors.As(err, &p), errors.As(err, &s), errors.As(err, &known):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return &strictyaml.RemedyError{What: fmt.Sprintf("there is no %s below files", name), Remedy: "copy it there, or correct the name"}
	case errors.Is(err, fs.ErrPermission):
		return &strictyaml.RemedyError{What: name + " may not be read", Remedy: "give the server's user the right to read it"}
	}
	return &strictyaml.RemedyError{What: err.Error(), Remedy: "is it complete, and does its suffix tell how it is packed?"}
}

// keep refuses an image that would overwrite the boot loader of a type that it
// names. An image for all types is simply not for those it would harm, see
// Resolve.
func (l *loader) keep(i Image, a ArtifactSpec, pinned Artifact, f facts, at []string) {
	for _, name := range i.Hardware {
		if area, hit := overwrites(pinned, l.c.hardware[name].Keep); hit {
			l.add(below(at, "to"), fmt.Sprintf("would overwrite %s of %s, which holds its boot loader", area, name), keepRemedy(a, f))
		}
	}
}

func keepRemedy(a ArtifactSpec, f facts) string {
	if a.To != "disk" {
		return "write to another partition"
	}
	return fmt.Sprintf("write its partitions one by one, each as {file: %s, part: N, to: pN}, but for those kept; %s", a.File, describeTable(f.Table))
}

// overwrites tells which kept area an artifact would write to, the first one.
func overwrites(a Artifact, keep []Area) (Area, bool) {
	areas := reached(a.To, a.Unpacked.Size, keep)
	if len(areas) == 0 {
		return Area{}, false
	}
	return areas[0], true
}

// reached lists the kept areas that size bytes at a place would overwrite. What
// is written to the disk begins at its first byte and brings a partition table
// of its own, so that no kept partition would be found again.
func reached(to string, size int64, keep []Area) (areas []Area) {
	part, _ := parsePart(to)
	for _, area := range keep {
		var hit bool
		switch {
		case to == "disk" && area.Part > 0:
			hit = true
		case to == "disk":
			hit = int64(area.Start) < size
		default:
			hit = area.Part > 0 && area.Part == part
		}
		if hit {
			areas = append(areas, area)
		}
	}
	return areas
}

func isTemplate(file string) bool { return strings.Contains(file, "{{") }
