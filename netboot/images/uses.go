package images

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Folders of the store, below it, whose files are named by the SHA-256 of what they hold.
const (
	MadeFolder   = "sha256"     // fetched or unpacked: what is gone is made again
	BlocksFolder = blocksFolder // lists of blocks, likewise
)

// StoreUses are the files of the store that images need, by their path there, each with the names of those images. An
// artifact that a wish names is of no image: it is kept as long as somebody is on the way to it, and a while after.
func (c *Catalogue) StoreUses() map[string][]string {
	uses := map[string][]string{}
	for _, i := range c.Images() {
		paths := map[string]bool{}
		for _, a := range i.Artifacts {
			for _, p := range c.storePaths(a) {
				paths[p] = true
			}
		}
		for p := range paths {
			uses[p] = append(uses[p], i.Name)
		}
	}
	return uses
}

// storePaths are the files of the store that stand behind one artifact, as far as they are known.
func (c *Catalogue) storePaths(a ArtifactSpec) (paths []string) {
	if isTemplate(a.File) {
		return nil
	}
	in, name := a.place()
	if in == InStore {
		paths = append(paths, name)
	}
	f, ok := c.index.last(in, name)
	if ok && f.Unpacked != nil && decodes(compressionOf(a.File), a) {
		paths = append(paths, listPaths(*f.Unpacked)...)
		plain := storeName(f.Unpacked.SHA256)
		paths = append(paths, plain)
		f, ok = c.index.last(InStore, plain)
	}
	if !ok {
		return paths
	}
	if f.Unpacked != nil {
		paths = append(paths, listPaths(*f.Unpacked)...)
	}
	return append(paths, listPaths(f.Parts[a.Part])...)
}

// listPaths is where the list of blocks of a content lies; none: it has none.
func listPaths(c Content) []string {
	if c.Blocks == "" {
		return nil
	}
	return []string{path.Join(BlocksFolder, c.Blocks)}
}

// StorePaths are the files of the store that an order pinned, by their path there.
func (o Order) StorePaths() (paths []string) {
	for _, a := range o.Artifacts {
		if a.In == InStore {
			paths = append(paths, a.Path)
		}
		paths = append(paths, listPaths(a.Unpacked)...)
	}
	return paths
}

// Copies are the paths in the store where what an order pinned lies if this server had to fetch it from another: nobody but
// a running attempt needs it there.
func (o Order) Copies() (paths []string) {
	files := []File{o.Hardware.Kernel, o.Hardware.Initrd}
	for _, f := range []*File{o.Hardware.FDT, o.Hardware.Squashfs} {
		if f != nil {
			files = append(files, *f)
		}
	}
	for _, a := range o.Artifacts {
		files = append(files, a.File)
	}
	for _, f := range files {
		paths = append(paths, uploadPath(f.SHA256))
	}
	return paths
}

var anyDigest = regexp.MustCompile(`(?i)[0-9a-f]{64}`)

// Uploads are the paths in the store of all uploads that an entry may mean. It asks for no more than that a hash stands
// there: an entry that this server cannot read or use, such as a newer one's, keeps its files all the same.
func (e Entry) Uploads() (paths []string) {
	for _, sum := range anyDigest.FindAllString(string(e.Data), -1) {
		paths = append(paths, uploadPath(strings.ToLower(sum)))
	}
	return paths
}

// Origin is where a file of the store came from.
type Origin struct {
	Fetched bool   // by URL; else unpacked
	From    string // the URL, or the packed file below files or in the store
}

// Origins tell of what was fetched or unpacked, by path in the store, as far as it is known.
func (c *Catalogue) Origins() map[string]Origin {
	all := map[string]Origin{}
	x := c.index
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(x.files)) {
		if f := x.files[key]; f.Unpacked != nil && f.Unpacked.SHA256 != f.SHA256 {
			_, name, _ := strings.Cut(key, ":")
			all[storeName(f.Unpacked.SHA256)] = Origin{From: name}
		}
	}
	for _, url := range slices.Sorted(maps.Keys(x.urls)) {
		all[storeName(x.urls[url].SHA256)] = Origin{Fetched: true, From: url}
	}
	return all
}

// Forget drops what is known of files of the store that are gone, so that the index does not grow with every image that
// ever was; facts of the operator's files only where the folder of artifacts is there, for one that is not mounted comes
// back, and hashing all of it takes hours.
func (c *Catalogue) Forget() {
	err := c.roots.stat(InFiles, artifactsFolder)
	mounted := err == nil
	x := c.index
	x.mu.Lock()
	for key := range x.files {
		in, name, _ := strings.Cut(key, ":")
		if Folder(in) == InFiles && !mounted {
			continue
		}
		if err := c.roots.stat(Folder(in), name); errors.Is(err, fs.ErrNotExist) {
			delete(x.files, key)
			x.dirty = true
		}
	}
	for url, f := range x.urls {
		if err := c.roots.stat(InStore, storeName(f.SHA256)); errors.Is(err, fs.ErrNotExist) {
			delete(x.urls, url)
			x.dirty = true
		}
	}
	x.mu.Unlock()
	c.saveIndex()
}

// touch says that a file of the store is about to be looked for, so that nobody clears it away just now.
func (x *index) touch(name string) {
	if x.touched != nil {
		x.touched(name)
	}
}
