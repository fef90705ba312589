package images

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"mozpool/persistence/strictyaml"
)

// UploadFolder is where uploads lie below the store, each under its hash; see package uploads.
const UploadFolder = "artifacts"

// uploadPath is where an upload lies in the store.
func uploadPath(sum string) string { return path.Join(UploadFolder, sum) }

// place is where the file of an artifact lies that is no template.
func (a ArtifactSpec) place() (in Folder, name string) {
	if a.Stored {
		return InStore, uploadPath(a.SHA256)
	}
	return InFiles, path.Join(artifactsFolder, a.File)
}

// upload checks what an artifact of the API says of its file, and whether that is there.
func (l *loader) upload(a ArtifactSpec, at []string) bool {
	switch {
	case isTemplate(a.File) || len(a.Allow) > 0:
		l.add(below(at, "file"), "is a template, and uploads are known by their hash", "name one file, or describe the image in images.yaml")
	case !hexDigest.MatchString(a.SHA256):
		l.add(below(at, "sha256"), fmt.Sprintf("%q is no sha256, and artifacts of the API are named by theirs", a.SHA256), "upload the file, and write its hash")
	case a.File == "" || strings.Contains(a.File, "/"):
		l.add(below(at, "file"), fmt.Sprintf("%q is no plain file name", a.File), "write what the file is called, such as v2.img.gz: its suffix tells how it is packed")
	default:
		return l.uploaded(a, at)
	}
	return false
}

// uploaded looks whether a file is there, and whether its suffix says how it is packed: what is known of a file is known
// by its path, which has no suffix here, so the same bytes must not be taken for packed and for plain.
func (l *loader) uploaded(a ArtifactSpec, at []string) bool {
	file, _, err := l.c.roots.open(InStore, uploadPath(a.SHA256))
	if errors.Is(err, fs.ErrNotExist) {
		l.lacks = append(l.lacks, a.SHA256)
		l.add(below(at, "sha256"), "no artifact with sha256 "+a.SHA256+" was uploaded to this server", "upload it first: mozpool artifact push "+a.File)
		return false
	}
	if err == nil {
		err = errors.Join(suits(file, a.File), file.Close())
	}
	if err != nil {
		l.fail(below(at, "file"), err, "")
		return false
	}
	return true
}

// suits compares how a file is packed with what its name says.
func suits(file io.Reader, name string) error {
	head := make([]byte, 8)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", name, err)
	}
	is, says := Plain, compressionOf(name)
	for _, p := range packings {
		known := p.name == Gzip || p.name == XZ || p.name == Bzip2 || p.name == Zstd
		if known && bytes.HasPrefix(head[:n], []byte(p.magic)) {
			is = p.name
		}
	}
	if is == says {
		return nil
	}
	packed := "not packed"
	if is != Plain {
		packed = "packed as ." + string(is)
	}
	return &strictyaml.RemedyError{What: fmt.Sprintf("%s is %s, and its name does not say so", name, packed), Remedy: "name it by how it is packed, as in v2.img or v2.img.gz"}
}

// Stores tells whether an image uses the upload of this hash.
func (i Image) Stores(sum string) bool {
	return slices.ContainsFunc(i.Artifacts, func(a ArtifactSpec) bool { return a.Stored && a.SHA256 == sum })
}

// Stores tells whether an order pinned the upload of this hash.
func (o Order) Stores(sum string) bool {
	return slices.ContainsFunc(o.Artifacts, func(a Artifact) bool { return a.In == InStore && a.Path == uploadPath(sum) })
}
