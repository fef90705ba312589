package images

import (
	"time"
)

// Order is everything that an attempt needs to know, pinned at the moment its
// wish was accepted. It is stored with the attempt as JSON, and nothing in it is
// looked up again: a restart or a changed images.yaml changes no running
// attempt. Files are pinned by size and hash; Open refuses a changed one.
type Order struct {
	Image     string            `json:"image"`
	Revision  string            `json:"revision"` // of the image's content, 16 hex digits
	Hardware  Machine           `json:"hardware"`
	Install   Install           `json:"install"`
	Script    string            `json:"script,omitempty"` // body, for InstallScript
	Artifacts []Artifact        `json:"artifacts,omitempty"`
	Readback  Readback          `json:"readback"`
	Verify    Verify            `json:"verify"`
	Limits    Limits            `json:"limits,omitempty"` // the image's over the hardware type's
	Config    map[string]string `json:"config,omitempty"`
	Compat    string            `json:"compat,omitempty"` // android or b2g
}

// Artifact finds an artifact of the order by its name.
func (o Order) Artifact(name string) (Artifact, bool) {
	for _, a := range o.Artifacts {
		if a.Name == name {
			return a, true
		}
	}
	return Artifact{}, false
}

// Machine is a hardware type with its live environment pinned.
type Machine struct {
	Name     string `json:"name"`
	Kernel   File   `json:"kernel"`
	Initrd   File   `json:"initrd"`
	FDT      *File  `json:"fdt,omitempty"`      // nil: none
	Squashfs *File  `json:"squashfs,omitempty"` // nil: none
	Append   string `json:"append,omitempty"`
	Disk     string `json:"disk"`
	Keep     []Area `json:"keep,omitempty"`
	Loader   Loader `json:"loader,omitempty"` // the family that boards of this type boot by; empty: whichever asks
	Entry    string `json:"entry,omitempty"`  // template text; empty: the built-in one
}

// Folder is one of the two folders that files are opened in.
type Folder string

// The folders.
const (
	InFiles Folder = "files" // the operator's, read only
	InStore Folder = "store" // ours, below the data folder
)

// File is a file that was pinned: the name says where, the rest which content.
type File struct {
	In      Folder    `json:"in"`
	Path    string    `json:"path"` // with slashes, relative to the folder
	Size    int64     `json:"size"` // bytes as it lies there
	ModTime time.Time `json:"mtime"`
	SHA256  string    `json:"sha256"` // of the file as it lies there
}

// Artifact is a pinned file of an image and what it unpacks to.
type Artifact struct {
	File
	Name        string      `json:"name"`
	Compression Compression `json:"compression,omitempty"`
	To          string      `json:"to,omitempty"`   // disk, pN, or empty
	Part        int         `json:"part,omitempty"` // only this partition of the file
	// Unpacked is what has to be on the board afterwards: of the whole file, or
	// with Part of that partition. For tar archives it is of the archive.
	Unpacked Content `json:"unpacked"`
	// Offset is where Unpacked begins in the unpacked file, in bytes; not 0
	// only with Part.
	Offset int64 `json:"offset,omitempty"`
	// TarFiles counts the regular files of a tar archive; their facts are too
	// many for an order, see Catalogue.TarFiles.
	TarFiles int `json:"tar_files,omitempty"`
}

// Content is a number of bytes and their hash.
type Content struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Blocks is the sha256 of the list of its blocks, see Catalogue.Blocks; empty: there is none.
	Blocks string `json:"blocks,omitempty"`
}

// TarFile is one regular file of a tar archive.
type TarFile struct {
	Name string `json:"name"` // as in the archive, cleaned, without leading ./
	Content
}

// Compression is how an artifact is packed, known by its suffix.
type Compression string

// The compressions; the empty one is none.
const (
	Plain Compression = ""
	Gzip  Compression = "gz"
	XZ    Compression = "xz"
	Bzip2 Compression = "bz2"
	Zstd  Compression = "zst" // boards cannot unpack it: the server does
)

// Limit returns the limit of a state, or of "stall", if the order has one.
func (o Order) Limit(state string) (time.Duration, bool) {
	d, ok := o.Limits[state]
	return d.Std(), ok
}
