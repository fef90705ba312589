package images

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mozpool/persistence/strictyaml"
)

// FromAPI is the source of images and hardware types that came by the API.
const FromAPI = "api"

// Kind is what an entry describes.
type Kind string

// The kinds of entries, as people call them.
const (
	OfImage    Kind = "image"
	OfHardware Kind = "hardware type"
)

// Entry is an image or a hardware type that came by the API: an entry as in images.yaml, as YAML or JSON. The artifacts of
// an image are named by sha256; their file says what people call them. A name in it has to be Name.
type Entry struct {
	Kind Kind
	Name string
	Data []byte
}

// Condition is what the sender of an entry believes.
type Condition struct {
	New      bool   // there is none of this name
	Revision string // it is at this one; empty: at whichever
}

// Unfit is an entry that cannot be used on this server as things are, such as an image whose hardware type is not known.
type Unfit struct {
	Kind     Kind
	Name     string
	Problems strictyaml.Problems
	Lacks    []string // uploads that are not here; nothing else is wrong if there is one for each problem
}

// Unfit are the entries that were left out, sorted by kind and name: what comes by the API must not keep a server from starting.
func (c *Catalogue) Unfit() []Unfit { return slices.Clone(c.unfit) }

// With is the catalogue with these in place of all entries of the API. What comes from files is taken over as it was when
// they were read. A name that a file has as well is a problem, and there is no catalogue then.
func (c *Catalogue) With(entries []Entry) (*Catalogue, strictyaml.Problems) {
	next := &Catalogue{hardware: builtinHardware(), images: maps.Clone(c.images), index: c.index, roots: c.roots, options: c.options}
	for name, h := range c.hardware {
		if h.Source != FromAPI {
			next.hardware[name] = h
		}
	}
	maps.DeleteFunc(next.images, func(_ string, i Image) bool { return i.Source == FromAPI })
	if problems := next.add(entries); len(problems) > 0 {
		return nil, problems
	}
	next.saveIndex()
	return next, nil
}

// add takes entries of the API in, hardware types first, since images name them, and reports names that have another
// source too.
func (c *Catalogue) add(entries []Entry) (clashes strictyaml.Problems) {
	return append(c.addTypes(entries), c.addImages(entries)...)
}

func (c *Catalogue) addImages(entries []Entry) (clashes strictyaml.Problems) {
	for _, e := range entries {
		if e.Kind != OfImage {
			continue
		}
		if other, ok := c.images[e.Name]; ok {
			clashes.Add(clash(e, other.Source, "mozpool image remove "))
			continue
		}
		i, unfit := c.image(e)
		if len(unfit.Problems) > 0 {
			c.leaveOut(unfit)
			continue
		}
		c.images[i.Name] = i
	}
	return clashes
}

// clash is a name of two sources.
func clash(e Entry, source, remove string) strictyaml.Problem {
	return strictyaml.Problem{Pos: strictyaml.Pos{File: source}, Path: string(e.Kind) + " " + e.Name,
		What: "comes by the API as well", Remedy: "rename the one in " + source + ", or remove the other: " + remove + e.Name}
}

func (c *Catalogue) leaveOut(u Unfit) {
	c.unfit = append(c.unfit, u)
	slices.SortFunc(c.unfit, func(a, b Unfit) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name))
	})
}

// image reads one entry of an image, with all rules of images.yaml.
func (c *Catalogue) image(from Entry) (Image, Unfit) {
	e := imageEntry{}
	e.SetDefaults()
	doc, problems := strictyaml.Decode("image "+from.Name, from.Data, &e)
	l := loader{c: c, doc: doc, problems: problems}
	if e.Name != "" && e.Name != from.Name {
		l.add([]string{"name"}, fmt.Sprintf("is %q, and it was put as %q", e.Name, from.Name), "leave it out")
	}
	e.Name = from.Name
	img := e.image(FromAPI)
	for n := range img.Artifacts {
		img.Artifacts[n].Stored = true
	}
	img.Revision = revisionOf(img, l.image(&img, e, nil))
	l.problems.Sort()
	return img, Unfit{Kind: OfImage, Name: from.Name, Problems: l.problems, Lacks: l.lacks}
}
