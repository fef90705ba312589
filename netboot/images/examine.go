package images

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"mozpool/persistence/strictyaml"
)

// Examined is what is known of a file that may become an artifact. It need not lie below files yet.
type Examined struct {
	Path        string
	Size        int64  // bytes as it lies there
	SHA256      string // of the file as it lies there
	Compression Compression
	Archive     bool        // a tar archive, by its suffix
	Unpacked    Content     // what it unpacks to
	Partitions  []Partition // of what it unpacks to; none: no table, or an archive
	TableError  string      // why a table that is there cannot be read
}

// Examine reads a file to its end, as Load would once it is listed. It refuses what no board could be written with: an
// empty file, one that is cut short, one whose suffix does not say how it is packed, or whose packing is not understood.
func Examine(path string) (Examined, error) {
	e := Examined{Path: path, Compression: compressionOf(path), Archive: isArchive(path)}
	file, info, err := openGiven(path)
	if err != nil {
		return e, err
	}
	defer func() { _ = file.Close() }() // read only
	if err := checkPacking(file, path); err != nil {
		return e, err
	}
	f := facts{Size: info.Size(), ModTime: info.ModTime()}
	if err := addUnpacked(file, &f, e.Compression, contentOf); err != nil {
		return e, &strictyaml.RemedyError{What: fmt.Sprintf("%s cannot be unpacked: %v", path, err), Remedy: "is it complete? copy it again"}
	}
	if err := unchanged(file, info); err != nil {
		return e, fmt.Errorf("%s: %w", path, err)
	}
	if f.Unpacked.Size == 0 {
		return e, &strictyaml.RemedyError{What: path + " unpacks to nothing", Remedy: "make it again"}
	}
	e.Size, e.SHA256, e.Unpacked = f.Size, f.SHA256, *f.Unpacked
	if !e.Archive {
		e.Partitions, e.TableError = f.Table, f.TableError
	}
	return e, nil
}

// openGiven opens a file that a person named, anywhere on the machine.
func openGiven(path string) (*os.File, os.FileInfo, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, &strictyaml.RemedyError{What: "there is no file " + path, Remedy: "check the path"}
	}
	if errors.Is(err, os.ErrPermission) {
		return nil, nil, &strictyaml.RemedyError{What: path + " may not be read", Remedy: "give yourself the right to read it"}
	}
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = &strictyaml.RemedyError{What: path + " is not a regular file", Remedy: "name the image file"}
	case info.Size() == 0:
		err = &strictyaml.RemedyError{What: path + " is empty", Remedy: "copy it again"}
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, info, nil
}

// packings are how files begin that are packed or shaped in some way. Written to a card as they are, they would boot
// nothing; keys that are compressions are understood if the suffix says so too.
var packings = []struct {
	magic  string
	name   Compression
	remedy string
}{
	{"\x1f\x8b", Gzip, "gzip"},
	{"\xfd7zXZ\x00", XZ, "xz"},
	{"BZh", Bzip2, "bzip2"},
	{"\x28\xb5\x2f\xfd", Zstd, "zstd"},
	{"\x04\x22\x4d\x18", "lz4", "lz4 -dc"},
	{"\x5d\x00\x00", "lzma", "xz -dc"},
	{"PK\x03\x04", "zip", "unzip -p"},
	{"7z\xbc\xaf\x27\x1c", "7z", "7z x -so"},
	{"\x3a\xff\x26\xed", "sparse Android image", "simg2img, whose result"},
	{"QFI\xfb", "qcow2", "qemu-img convert -O raw, whose result"},
}

// foreign are suffixes of packings that are not understood.
var foreign = []string{".lz4", ".lzma", ".lzo", ".zip", ".7z", ".rar", ".z", ".qcow2", ".vmdk", ".simg", ".deb"}

// checkPacking compares how a file begins with what its suffix says.
func checkPacking(file *os.File, path string) error {
	head := make([]byte, 8)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := rewind(file); err != nil {
		return err
	}
	says := compressionOf(path)
	for _, p := range packings {
		if !bytes.HasPrefix(head[:n], []byte(p.magic)) || p.name == says {
			continue
		}
		if p.name == Gzip || p.name == XZ || p.name == Bzip2 || p.name == Zstd {
			return &strictyaml.RemedyError{What: fmt.Sprintf("%s is packed with %s, and its name does not say so", path, p.remedy),
				Remedy: fmt.Sprintf("rename it to %s.%s", bareName(path), p.name)}
		}
		return notUnderstood(path, string(p.name), p.remedy)
	}
	if ext := strings.ToLower(filepath.Ext(path)); says == Plain {
		for _, f := range foreign {
			if ext == f {
				return notUnderstood(path, strings.TrimPrefix(ext, "."), "its own tool")
			}
		}
	}
	return nil
}

// bareName is a file's name without the suffix of a compression.
func bareName(path string) string {
	name := filepath.Base(path)
	if compressionOf(name) == Plain {
		return name
	}
	return strings.TrimSuffix(name, filepath.Ext(name))
}

func notUnderstood(path, packing, tool string) error {
	return &strictyaml.RemedyError{What: fmt.Sprintf("%s is of the form %s, which is not understood", path, packing),
		Remedy: fmt.Sprintf("files are plain, .gz, .xz, .bz2 or .zst: unpack it with %s and pack it with xz", tool)}
}

// isArchive tells a tar archive by its suffix, packed or not.
func isArchive(name string) bool {
	lower := strings.ToLower(name)
	for _, suffix := range []string{".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz", ".tar.zst", ".tar.zstd", ".tzst"} {
		if strings.HasSuffix(lower, suffix) {
			return true
		}
	}
	return false
}

// Overwrites lists the kept areas of a hardware type that size bytes written to a place (disk or pN) would reach.
func (h Hardware) Overwrites(to string, size int64) []Area { return reached(to, size, h.Keep) }
