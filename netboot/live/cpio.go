package live

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"path"
	"slices"
)

// Kinds of entries, as in the mode of stat(2).
const (
	modeDir  = 0o040000
	modeFile = 0o100000
	modeLink = 0o120000
	modeChar = 0o020000
)

// cpioEntry is one entry of an initrd. Everything belongs to root and has no
// time, so that the same input gives the same bytes.
type cpioEntry struct {
	mode         uint32
	major, minor uint32 // of a device
	content      []byte // of a file; the target of a link
}

// cpio writes the "newc" form that the kernel unpacks (the kernel's
// Documentation/driver-api/early-userspace/buffer-format.rst). Parents that are
// not named are made.
func cpio(entries map[string]cpioEntry) ([]byte, error) {
	all := maps.Clone(entries)
	for name := range entries {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if entry, ok := all[dir]; ok && entry.mode&0o170000 != modeDir {
				return nil, fmt.Errorf("%s is no folder, but %s lies in it", dir, name)
			}
			all[dir] = cpioEntry{mode: modeDir | 0o755}
		}
	}
	var out bytes.Buffer
	// Sorted by name, a parent comes before what it contains.
	for inode, name := range slices.Sorted(maps.Keys(all)) {
		if err := writeEntry(&out, inode+1, name, all[name]); err != nil {
			return nil, err
		}
	}
	if err := writeEntry(&out, 0, "TRAILER!!!", cpioEntry{}); err != nil {
		return nil, err
	}
	pad(&out, 512)
	return out.Bytes(), nil
}

func writeEntry(out *bytes.Buffer, inode int, name string, e cpioEntry) error {
	if len(e.content) > math.MaxInt32 {
		return fmt.Errorf("%s is too large for an initrd", name)
	}
	links := 1
	if e.mode&0o170000 == modeDir {
		links = 2
	}
	// magic, ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor,
	// rdevmajor, rdevminor, namesize, check
	fmt.Fprintf(out, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		inode, e.mode, 0, 0, links, 0, len(e.content), 0, 0, e.major, e.minor, len(name)+1, 0)
	out.WriteString(name)
	out.WriteByte(0)
	pad(out, 4)
	out.Write(e.content)
	pad(out, 4)
	return nil
}

// pad fills with zeros up to a multiple of n.
func pad(out *bytes.Buffer, n int) {
	for out.Len()%n != 0 {
		out.WriteByte(0)
	}
}
