package images

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"mozpool/persistence/strictyaml"
)

// addTypes takes the hardware types among entries of the API in, and reports names that a file has too. What is built in
// they may replace, as a file may.
func (c *Catalogue) addTypes(entries []Entry) (clashes strictyaml.Problems) {
	for _, e := range entries {
		if e.Kind != OfHardware {
			continue
		}
		if other, ok := c.hardware[e.Name]; ok && other.Source != BuiltIn {
			clashes.Add(clash(e, other.Source, "mozpool hardware remove "))
			continue
		}
		h, unfit := c.hardwareType(e)
		if len(unfit.Problems) > 0 {
			c.leaveOut(unfit)
			continue
		}
		c.hardware[h.Name] = h
	}
	return clashes
}

// hardwareType reads one entry of a hardware type, with all rules of images.yaml.
func (c *Catalogue) hardwareType(from Entry) (Hardware, Unfit) {
	e := hardwareEntry{}
	e.SetDefaults()
	doc, problems := strictyaml.Decode("hardware type "+from.Name, from.Data, &e)
	l := loader{c: c, doc: doc, problems: problems}
	h := e.hardware(from.Name, FromAPI)
	l.hardware(&h, e.Entry, nil)
	h.Revision = revisionOfType(h)
	l.problems.Sort()
	return h, Unfit{Kind: OfHardware, Name: from.Name, Problems: l.problems}
}

// elsewhere says whether a name that is not in the catalogue may be that of something which came by the API: of an entry
// that cannot be used here, or of one that is not known here at all.
func (l *loader) elsewhere(k Kind, name string) bool {
	if l.c.options.Partial {
		l.c.absent = append(l.c.absent, fmt.Sprintf("%s %s", k, name))
	}
	return l.c.options.Partial || l.c.LeftOut(k, name)
}

// LeftOut tells whether an entry of this name is there and cannot be used on this server.
func (c *Catalogue) LeftOut(k Kind, name string) bool {
	return slices.ContainsFunc(c.unfit, func(u Unfit) bool { return u.Kind == k && u.Name == name })
}

// Elsewhere are the names that only something of the API can have, in a catalogue that knows not all of it: "image v3".
func (c *Catalogue) Elsewhere() []string {
	slices.Sort(c.absent)
	return slices.Compact(c.absent)
}

// Whole says what else a hardware type needs that this server does not have: files of its live environment, and the images
// that it names. A file of images.yaml is not held to that, since the rest of a site comes in any order; an entry of the
// API is, as its sender sees no folder of the server.
func (c *Catalogue) Whole(h Hardware) (problems strictyaml.Problems) {
	say := func(key, what, remedy string) {
		problems.Add(strictyaml.Problem{Pos: strictyaml.Pos{File: "hardware type " + h.Name}, Path: key, What: what, Remedy: remedy})
	}
	for _, name := range []string{"vmlinuz", "initrd", h.FDT} {
		if name == "" {
			continue
		}
		key, where := "live", path.Join(h.Live, name)
		if name == h.FDT {
			key = "fdt"
		}
		file, info, err := c.roots.open(InFiles, where)
		if err == nil {
			err = file.Close()
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			say(key, fmt.Sprintf("there is no %s below files on this server", where), "build it there: mozpool live build"+buildFlag(h, name)+" -o "+path.Join("FILES", h.Live))
		case err != nil:
			say(key, err.Error(), "give the server's user the right to read it")
		case info.Size() == 0:
			say(key, where+" is empty", "build it again: mozpool live build"+buildFlag(h, name))
		}
	}
	for key, image := range map[string]string{"self_test": h.SelfTest, "maintenance": h.Maintenance} {
		if _, ok := c.images[image]; !ok {
			say(key, fmt.Sprintf("there is no image %q", image), didYouMean(strictyaml.Nearest(image, slices.Sorted(maps.Keys(c.images))), "put the image first"))
		}
	}
	problems.Sort()
	return problems
}

// Harmed are the images, other than those of the API, which name a hardware type and would overwrite what it keeps. Those
// of the API are read again with every catalogue.
func (c *Catalogue) Harmed(h Hardware) (problems strictyaml.Problems) {
	for _, i := range c.Images() {
		if i.Source == FromAPI || !slices.Contains(i.Hardware, h.Name) {
			continue
		}
		for _, a := range i.Artifacts {
			if isTemplate(a.File) {
				continue // looked at with the wish
			}
			in, name := a.place()
			p, _, err := c.pin(in, name, i.Install, a)
			if err != nil {
				continue // the image's own trouble
			}
			if area, hit := overwrites(p, h.Keep); hit {
				problems.Add(strictyaml.Problem{Pos: strictyaml.Pos{File: i.Source}, Path: "image " + i.Name,
					What: fmt.Sprintf("would overwrite %s of %s", area, h.Name), Remedy: "correct the image first, or keep less"})
			}
		}
	}
	return problems
}
