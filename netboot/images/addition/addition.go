// Package addition brings a file that somebody has into a site's catalogue: it looks what the file holds, decides how
// boards of a hardware type can be given it, and writes the file to artifacts/ and the entry to images.yaml.
//
// It decides what goes where: the whole disk where nothing is kept there, else partition by partition but for those that
// hold the boot loader. It refuses files that no board could use, names that are taken, and every change of images.yaml
// that a strict reading of the result does not find to be exactly one image more: then nothing is changed. It asks no
// server, and tells none; "mozpool image add" calls it.
//
// The order of writing is: the artifact under a temporary name, synced, renamed; then images.yaml likewise, checked
// before its rename. A crash in between leaves a file that nobody names, never an entry without its file.
package addition

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mozpool/netboot/images"
	"mozpool/persistence/strictyaml"
)

// Request is what is asked for.
type Request struct {
	File     string            // path of the file, anywhere
	Hardware string            // type that the image is for
	Name     string            // of the image; empty: that of the file without its suffixes
	To       string            // disk or pN; empty: chosen
	Verify   images.VerifyKind // empty: loader
}

// Addition is an image that could be added: what New found out and decided.
type Addition struct {
	Image    images.Image
	Hardware images.Hardware
	File     images.Examined
	Reached  []images.Area // kept areas that the whole image would overwrite
	// Present: the artifact lies below artifacts/ already and need not be copied.
	Present bool
	before  *images.Catalogue
	options images.Options
}

// artifactsFolder is where artifacts lie below files.
const artifactsFolder = "artifacts"

// quiet is how long a board whose image is verified by its loader or by ping must hold.
const quiet = strictyaml.Duration(10 * time.Second)

// New looks at the file and at the site's catalogue. It reads the file to its end, and so do files of the catalogue that
// are not in its index yet, which may take minutes. The error names what is wrong and the remedy.
func New(r Request, o images.Options) (*Addition, error) {
	before, problems := images.Load(o)
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("%s has mistakes already, so nothing can be added to it; mend these first:\n%w", o.Path, err)
	}
	hardware, ok := before.HardwareType(r.Hardware)
	if !ok {
		return nil, unknownHardware(r.Hardware, before)
	}
	name := r.Name
	if name == "" {
		name = nameOf(r.File)
	}
	if err := checkName(name, before); err != nil {
		return nil, err
	}
	examined, err := images.Examine(r.File)
	if err != nil {
		return nil, err
	}
	a := &Addition{Hardware: hardware, File: examined, Reached: hardware.Overwrites("disk", examined.Unpacked.Size), before: before, options: o}
	target, err := a.findTarget()
	if err != nil {
		return nil, err
	}
	verify := images.Verify{Kind: r.Verify}
	switch verify.Kind {
	case "":
		verify = images.Verify{Kind: images.VerifyLoader, For: quiet}
	case images.VerifyLoader, images.VerifyPing:
		verify.For = quiet
	case images.VerifyCallback, images.VerifyNone:
	case images.VerifyTCP, images.VerifyHTTP:
		return nil, &strictyaml.RemedyError{What: fmt.Sprintf("verify by %s needs more than its name", r.Verify),
			Remedy: "add the image with another kind, then edit its entry"}
	}
	a.Image = images.Image{Name: name, Hardware: []string{hardware.Name}, Install: images.InstallRaw, Readback: images.ReadbackFull, Verify: verify}
	return a, a.plan(r.To, target)
}

func unknownHardware(name string, c *images.Catalogue) error {
	var known []string
	for _, h := range c.Hardware() {
		known = append(known, h.Name)
	}
	remedy := "known are " + strings.Join(known, ", ") + "; describe another under hardware in images.yaml"
	if near := strictyaml.Nearest(name, known); near != "" {
		remedy = "did you mean " + near + "?"
	}
	return &strictyaml.RemedyError{What: fmt.Sprintf("there is no hardware type %q", name), Remedy: remedy}
}

// nameOf makes an image's name of a file's: vendor-1.2 of vendor-1.2.img.xz.
func nameOf(file string) string {
	name := filepath.Base(file)
	for range 3 { // .rootfs.img.xz
		switch ext := filepath.Ext(name); strings.ToLower(ext) {
		case ".gz", ".xz", ".bz2", ".tgz", ".txz", ".tbz", ".tbz2", ".tar", ".img", ".raw", ".bin", ".wic", ".sdimg", ".sdcard", ".iso", ".ext4":
			name = strings.TrimSuffix(name, ext)
		}
	}
	return name
}

func checkName(name string, c *images.Catalogue) error {
	if err := images.CheckName(name); err != nil {
		return err
	}
	if taken, ok := c.Image(name); ok {
		return &strictyaml.RemedyError{What: fmt.Sprintf("there is an image %s already, in %s", name, taken.Source),
			Remedy: "give --name another one, or edit that entry: other content under a name is a new revision of it"}
	}
	return nil
}

// findTarget says what the file is called below artifacts/, and refuses to replace another one there.
func (a *Addition) findTarget() (string, error) {
	target := filepath.Base(a.File.Path)
	folder := filepath.Join(a.options.Files, artifactsFolder)
	if rel, ok := within(folder, a.File.Path); ok {
		a.Present = true
		target = filepath.ToSlash(rel)
	}
	if strings.Contains(target, "{{") {
		return "", &strictyaml.RemedyError{What: fmt.Sprintf("%q would be read as a template", target), Remedy: "rename the file"}
	}
	if a.Present {
		return target, nil
	}
	there := filepath.Join(folder, target)
	if _, err := os.Stat(there); errors.Is(err, fs.ErrNotExist) {
		return target, nil
	}
	e, err := images.Examine(there)
	if err != nil || e.SHA256 != a.File.SHA256 {
		return "", &strictyaml.RemedyError{What: there + " is there already, with other content", Remedy: "rename your file; boards may be using that one"}
	}
	a.Present = true
	return target, nil
}

// within tells whether a file lies in a folder, links followed, and where.
func within(folder, file string) (string, bool) {
	folder, err := realPath(folder)
	if err != nil {
		return "", false // no such folder yet
	}
	if file, err = realPath(file); err != nil {
		return "", false
	}
	rel, err := filepath.Rel(folder, file)
	return rel, err == nil && filepath.IsLocal(rel)
}

func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// sameBut says that a catalogue is the one before and one image more.
func (a *Addition) sameBut(after *images.Catalogue) bool {
	was, is := byName(a.before), byName(after)
	_, ok := is[a.Image.Name]
	delete(is, a.Image.Name)
	return ok && maps.Equal(was, is) && describe(imageOf(after, a.Image.Name)) == describe(a.Image) &&
		slices.EqualFunc(a.before.Hardware(), after.Hardware(), func(x, y images.Hardware) bool {
			x.Source, y.Source = "", ""
			return fmt.Sprintf("%+v", x) == fmt.Sprintf("%+v", y)
		})
}

// byName are the revisions, which stand for all that images say.
func byName(c *images.Catalogue) map[string]string {
	all := make(map[string]string)
	for _, i := range c.Images() {
		all[i.Name] = i.Revision
	}
	return all
}

func imageOf(c *images.Catalogue, name string) images.Image {
	i, _ := c.Image(name)
	return i
}

// describe is all that an entry says of an image.
func describe(i images.Image) string {
	return fmt.Sprintf("%v %v %v %+v %v %+v %v", i.Name, i.Hardware, i.Install, i.Artifacts, i.Readback, i.Verify, i.ConfigKeys)
}
