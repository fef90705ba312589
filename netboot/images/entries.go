package images

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mozpool/persistence/strictyaml"
)

// FromAPI is the source of images that came by the API.
const FromAPI = "api"

// Entry is an image that came by the API: an entry as under images in images.yaml, as YAML or JSON, whose artifacts are
// named by sha256; their file says what people call them. A name in it has to be Name.
type Entry struct {
	Name string
	Data []byte
}

// Condition is what the sender of an entry believes.
type Condition struct {
	New      bool   // there is no image of this name
	Revision string // the image is at this one; empty: at whichever
}

// Unfit is an entry that cannot be used on this server as things are, such as one whose hardware type is not known.
type Unfit struct {
	Name     string
	Problems strictyaml.Problems
	Lacks    []string // uploads that are not here; nothing else is wrong if there is one for each problem
}

// Unfit are the entries that were left out, sorted by name: what comes by the API must not keep a server from starting.
func (c *Catalogue) Unfit() []Unfit { return slices.Clone(c.unfit) }

// With is the catalogue with these in place of all entries of the API. What comes from files is taken over as it was when
// they were read. A name that a file has as well is a problem, and there is no catalogue then.
func (c *Catalogue) With(entries []Entry) (*Catalogue, strictyaml.Problems) {
	next := &Catalogue{hardware: c.hardware, images: maps.Clone(c.images), index: c.index, roots: c.roots, options: c.options}
	maps.DeleteFunc(next.images, func(_ string, i Image) bool { return i.Source == FromAPI })
	if problems := next.add(entries); len(problems) > 0 {
		return nil, problems
	}
	next.saveIndex()
	return next, nil
}

// add takes entries of the API in, and reports names that have another source too.
func (c *Catalogue) add(entries []Entry) (clashes strictyaml.Problems) {
	for _, e := range entries {
		if other, ok := c.images[e.Name]; ok {
			clashes.Add(strictyaml.Problem{Pos: strictyaml.Pos{File: other.Source}, Path: "image " + e.Name,
				What: "comes by the API as well", Remedy: "rename the one in " + other.Source + ", or remove the other: mozpool image remove " + e.Name})
			continue
		}
		i, unfit := c.entry(e)
		if len(unfit.Problems) > 0 {
			c.unfit = append(c.unfit, unfit)
			continue
		}
		c.images[i.Name] = i
	}
	slices.SortFunc(c.unfit, func(a, b Unfit) int { return strings.Compare(a.Name, b.Name) })
	return clashes
}

// entry reads one entry, with all rules of images.yaml.
func (c *Catalogue) entry(from Entry) (Image, Unfit) {
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
	return img, Unfit{Name: from.Name, Problems: l.problems, Lacks: l.lacks}
}
