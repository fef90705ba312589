package images

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strconv"

	"mozpool/persistence/strictyaml"
)

// Load reads images.yaml and looks at every file that it names. All problems
// are reported at once; with any, the Catalogue is nil, and the caller keeps the
// one it has.
//
// It takes as long as hashing all artifacts that are new or changed since the
// index in the store was written, and milliseconds otherwise. A server that is
// not to wait for the first time calls it beside its start and publishes the
// result when it comes.
func Load(o Options) (*Catalogue, strictyaml.Problems) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &roots{files: o.Files, store: o.Store}
	c := &Catalogue{hardware: builtinHardware(), images: builtinImages(o.Builtin), index: openIndex(r, o), roots: r, options: o}
	var file imagesFile
	doc, problems, err := strictyaml.ReadFile(o.Path, &file)
	if errors.Is(err, fs.ErrNotExist) {
		clashes := c.add(o.Entries)
		c.saveIndex()
		return c, clashes
	}
	if err != nil {
		return nil, strictyaml.Problems{{Pos: strictyaml.Pos{File: o.Path}, What: err.Error(), Remedy: "check its permissions"}}
	}
	l := loader{c: c, doc: doc, problems: problems}
	l.allHardware(file.Hardware)
	l.problems.Add(c.addTypes(o.Entries)...)
	l.allImages(file.Images)
	l.problems.Add(c.addImages(o.Entries)...)
	l.references()
	if err := c.index.save(); err != nil {
		// Only the next start is slower.
		o.Logger.Warn("index of artifacts not saved", "err", err)
	}
	if len(l.problems) > 0 {
		l.problems.Sort()
		return nil, l.problems
	}
	return c, nil
}

// loader gathers the problems of one images.yaml while it fills a catalogue.
type loader struct {
	c        *Catalogue
	doc      *strictyaml.Document
	problems strictyaml.Problems
	lacks    []string // uploads that are not here
}

func (l *loader) add(path []string, what, remedy string) {
	l.problems.Add(l.doc.Problem(what, remedy, path...))
}

// fail reports an error with the remedy that it may bring.
func (l *loader) fail(path []string, err error, remedy string) {
	var re *strictyaml.RemedyError
	if errors.As(err, &re) {
		l.add(path, re.What, re.Remedy)
		return
	}
	l.add(path, err.Error(), remedy)
}

func below(path []string, keys ...string) []string {
	return append(slices.Clone(path), keys...)
}

func (l *loader) allHardware(entries map[string]hardwareEntry) {
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		h := entries[name].hardware(name, l.doc.File())
		l.hardware(&h, entries[name].Entry, []string{"hardware", name})
		h.Revision = revisionOfType(h)
		l.c.hardware[name] = h
	}
}

func (l *loader) allImages(entries []imageEntry) {
	seen := map[string]int{}
	for i, e := range entries {
		path := []string{"images", strconv.Itoa(i)}
		if first, twice := seen[e.Name]; twice && e.Name != "" {
			line := l.doc.At("images", strconv.Itoa(first), "name").Line
			l.add(below(path, "name"), fmt.Sprintf("image %s is described twice, first on line %d", e.Name, line), "rename one of the two")
		}
		seen[e.Name] = i
		img := e.image(l.doc.File())
		sums := l.image(&img, e, path)
		img.Revision = revisionOf(img, sums)
		l.c.images[img.Name] = img
	}
}

// references checks the images that hardware types name.
func (l *loader) references() {
	for name, h := range l.c.hardware {
		if h.Source == BuiltIn || h.Source == FromAPI { // what the API brings is looked at when it is put
			continue
		}
		for key, image := range map[string]string{"self_test": h.SelfTest, "maintenance": h.Maintenance} {
			if _, ok := l.c.images[image]; !ok && !l.elsewhere(OfImage, image) {
				near := strictyaml.Nearest(image, slices.Sorted(maps.Keys(l.c.images)))
				l.add([]string{"hardware", name, key}, fmt.Sprintf("there is no image %q", image), didYouMean(near, "describe it under images"))
			}
		}
	}
}

func didYouMean(near, otherwise string) string {
	if near == "" {
		return otherwise
	}
	return "did you mean " + near + "?"
}

// revisionOf hashes all that an image says and the content of its files: other
// content is another revision, the same content again is the same.
func revisionOf(i Image, sums []string) string {
	i.Source, i.Revision = "", ""
	return revision(struct {
		Image Image
		Sums  []string
	}{i, sums})
}

func revisionOfType(h Hardware) string {
	h.Source, h.Revision = "", ""
	return revision(h)
}

func revision(of any) string {
	data, err := json.Marshal(of)
	if err != nil {
		panic(fmt.Sprintf("images: what is described is not serialisable: %v", err)) // no channels, no cycles in it
	}
	sum := sha256.Sum256(data)
	return hexSum(sum[:8])
}
