package images

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mozpool/persistence/strictyaml"
)

var (
	safeName  = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$`)
	configKey = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]{0,62}$`)
	hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)
	device    = regexp.MustCompile(`^/dev/[a-zA-Z0-9/_-]{1,60}$`)
)

const safeNameRemedy = "use letters, digits, dots, dashes and underscores, beginning with a letter or digit, at most 63"

// hardware checks a hardware type; entry is the file of its own template.
func (l *loader) hardware(h *Hardware, entry string, path []string) {
	if !safeName.MatchString(h.Name) {
		l.add(path, "cannot be the name of a hardware type", safeNameRemedy)
	}
	if !fs.ValidPath(h.Live) || h.Live == "." {
		l.add(below(path, "live"), fmt.Sprintf("%q is no folder below files", h.Live), "write it as live/NAME")
	}
	if h.FDT != "" && (!fs.ValidPath(h.FDT) || strings.Contains(h.FDT, "/")) {
		l.add(below(path, "fdt"), fmt.Sprintf("%q is no file in the live folder", h.FDT), "write the bare file name")
	}
	if !device.MatchString(h.Disk) {
		l.add(below(path, "disk"), fmt.Sprintf("%q is no disk", h.Disk), "write the device that images go to, such as /dev/mmcblk0")
	}
	if strings.ContainsFunc(h.Append, func(r rune) bool { return r < ' ' }) {
		l.add(below(path, "append"), "has a line break", "kernel arguments are one line")
	}
	if b := h.TFTPBlock; b != 0 && (b < 512 || b > 65464) {
		l.add(below(path, "tftp_block"), fmt.Sprintf("no block has %d bytes", b), "write 512 to 65464, of which 1468 fit into Ethernet's packets, or leave it out")
	}
	if w := h.TFTPWindow; w < 0 || w > 65535 {
		l.add(below(path, "tftp_window"), fmt.Sprintf("no window has %d blocks", w), "write 1 to answer block by block, up to 65535, or leave it out")
	}
	if entry == "" {
		return
	}
	text, err := l.c.readText(entry)
	if err == nil {
		err = checkEntry(h.Loader, text)
	}
	if err != nil {
		l.fail(below(path, "entry"), err, "put the template below files and see the fields in the manual")
		return
	}
	h.Entry, h.EntryFile = text, entry
}

// CheckName tells whether an image of images.yaml may have this name.
func CheckName(name string) error {
	switch {
	case strings.HasPrefix(name, "mozpool/"):
		return &strictyaml.RemedyError{What: "names that begin with mozpool/ are built in",
			Remedy: "choose another; a hardware type names its self_test and maintenance images"}
	case !safeName.MatchString(name):
		return &strictyaml.RemedyError{What: fmt.Sprintf("%q cannot be the name of an image", name), Remedy: safeNameRemedy}
	}
	return nil
}

// image checks one image and returns the hashes of its files.
func (l *loader) image(i *Image, e imageEntry, path []string) (sums []string) {
	if err := CheckName(i.Name); err != nil {
		l.fail(below(path, "name"), err, "")
	}
	for n, key := range i.ConfigKeys {
		if !configKey.MatchString(key) || slices.Index(i.ConfigKeys, key) < n {
			l.add(below(path, "config_keys", strconv.Itoa(n)), fmt.Sprintf("%q cannot be a config key, or is listed twice", key), "use letters, digits and underscores")
		}
	}
	if i.Compat != "" && i.Compat != "android" && i.Compat != "b2g" {
		l.add(below(path, "compat"), fmt.Sprintf("%q is no prefix that the old API knows", i.Compat), "write android or b2g, or leave it out")
	}
	l.hardwareNames(i.Hardware, below(path, "hardware"))
	l.verify(i.Verify, below(path, "verify"))
	l.script(i, e.Script, path)
	if i.Install != InstallScript && len(i.Artifacts) == 0 {
		l.add(path, fmt.Sprintf("image %s has nothing to install", i.Name), "list its artifacts")
	}
	names := map[string]bool{}
	for n, a := range i.Artifacts {
		at := below(path, "artifacts", strconv.Itoa(n))
		if names[a.Name] || !safeName.MatchString(a.Name) {
			l.add(below(at, "name"), fmt.Sprintf("%q cannot be an artifact's name, or is there twice", a.Name), safeNameRemedy)
		}
		names[a.Name] = true
		sums = append(sums, l.artifact(i, a, at))
	}
	return sums
}

// script reads and checks the script of an image.
func (l *loader) script(i *Image, file string, path []string) {
	switch {
	case i.Install == "" && !l.doc.Has(below(path, "install")...):
		l.add(path, fmt.Sprintf("image %s does not say how it is installed", i.Name), "set install to raw, tar or script")
	case i.Install == InstallScript && file == "":
		l.add(path, fmt.Sprintf("image %s has no script", i.Name), "set script to a file below files, such as scripts/install.sh")
	case i.Install != InstallScript && file != "" && i.Install != "":
		l.add(below(path, "script"), fmt.Sprintf("install is %s, so the script would never run", i.Install), "set install: script, or remove the script")
	case file != "":
		body, err := l.c.readText(file)
		if err == nil && l.c.options.CheckScript != nil {
			err = l.c.options.CheckScript(file, body, i.ConfigKeys)
		}
		if err != nil {
			l.fail(below(path, "script"), err, "mend the script; its path is below files, such as scripts/install.sh")
		}
		i.Script = body
	}
}

// maxText bounds scripts and templates: they are held in memory and stored with
// each attempt.
const maxText = 64 << 10

// readText reads a template or script below files.
func (c *Catalogue) readText(path string) (string, error) {
	f, info, err := c.roots.open(InFiles, path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // read only
	if info.Size() > maxText {
		return "", &strictyaml.RemedyError{What: fmt.Sprintf("%s is larger than %s", path, strictyaml.Size(maxText)), Remedy: "put data into artifacts"}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxText))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	if len(strings.TrimSpace(string(data))) == 0 {
		return "", &strictyaml.RemedyError{What: path + " is empty", Remedy: "write it, or name another file"}
	}
	return string(data), nil
}

// verify checks that a kind of proof has its fields, and no others.
func (l *loader) verify(v Verify, path []string) {
	for _, f := range []struct {
		key         string
		given, uses bool
		needed      bool
	}{
		{"port", v.Port != 0, v.Kind == VerifyTCP, true},
		{"expect", v.Expect != "", v.Kind == VerifyTCP, false},
		{"url", v.URL != "", v.Kind == VerifyHTTP, true},
		{"status", v.Status != 0, v.Kind == VerifyHTTP, false},
		{"for", v.For != 0, v.Kind != VerifyNone, false},
	} {
		switch {
		case f.given && !f.uses:
			l.add(below(path, f.key), fmt.Sprintf("means nothing for kind: %s", v.Kind), "remove it or choose another kind")
		case f.uses && f.needed && !f.given:
			l.add(path, fmt.Sprintf("kind: %s needs %s", v.Kind, f.key), "add it")
		}
	}
	if v.Kind == VerifyHTTP && v.Status != 0 && (v.Status < 100 || v.Status > 599) {
		l.add(below(path, "status"), fmt.Sprintf("%d is no HTTP status", v.Status), "write one from 100 to 599")
	}
	if v.URL != "" && !validProbeURL(v.URL) {
		l.add(below(path, "url"), fmt.Sprintf("%q cannot be asked", v.URL), "write /PATH or :PORT/PATH on the board's own address, or a whole http:// URL")
	}
}

func validProbeURL(text string) bool {
	if strings.HasPrefix(text, "/") || strings.HasPrefix(text, ":") {
		text = "http://board" + text
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// hardwareNames checks the types that an image is for.
func (l *loader) hardwareNames(names, path []string) {
	for n, name := range names {
		if _, ok := l.c.hardware[name]; !ok && !l.elsewhere(OfHardware, name) {
			known := slices.Sorted(maps.Keys(l.c.hardware))
			l.add(below(path, strconv.Itoa(n)), fmt.Sprintf("there is no hardware type %q", name),
				didYouMean(strictyaml.Nearest(name, known), "describe it under hardware; known are "+strings.Join(known, ", ")))
		}
	}
}
