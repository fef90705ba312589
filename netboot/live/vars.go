package live

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Readback says how a card is compared with what was written to it.
type Readback string

// The ways of reading back.
const (
	ReadbackFull    Readback = "full"    // every byte, or every regular file of a tar
	ReadbackSampled Readback = "sampled" // first and last chunk of 2 MiB, and each 16th; each 16th file of a tar
	ReadbackOff     Readback = "off"     // nothing: the hash over the stream is all there is
)

// Vars is what a second stage knows: the board, the boot, the image.
type Vars struct {
	// URLs are this boot's base URLs (http://host:port/b/TOKEN), one a server,
	// asked in turn; the first is MP_URL.
	URLs   []string
	Server string // address of the server, MP_SERVER
	Syslog string // host:port for syslog lines; empty: console only

	Board, MAC, Rack, Hardware, Image string
	Attempt, Boot                     uint64

	Disk     string   // the board's disk, such as /dev/mmcblk0
	Keep     []string // areas that are never written, as in ParseArea
	Readback Readback // empty: full

	Config    map[string]string // the wish's config, for mp_config and templates
	Artifacts []Artifact

	// Names of the boot files, for templates only.
	Kernel, Initrd, Fdt, Squashfs, Append string
}

// Artifact is what the server knows about a file of the image since it was loaded.
type Artifact struct {
	Name   string // as in images.yaml: mp_write NAME …
	Path   string // below the base URL; empty: artifact/NAME
	Size   int64  // bytes, as the file lies on the server
	SHA256 string // of the file as it lies there, 64 hex digits
	To     string // for Raw and Tar: disk, or pN
	Pack   Pack   // how it is packed; see PackOf

	// What it unpacks to, not needed for tar. With `part: N`, Start is where
	// that partition begins in the unpacked file (a multiple of 512), and
	// Length and Unpacked are the partition's.
	Start    int64
	Length   int64
	Unpacked string // sha256, 64 hex digits

	// For tar: path below the base URL of the list of regular files, as lines
	// "sha256  path" in the archive's order, paths without leading "./" or "/",
	// and the list's own sha256. A full read-back reports that sha256 again.
	Files       string
	FilesSHA256 string

	// For what goes to a disk or partition: path below the base URL of the list of its blocks (lines "sha256", or
	// "sha256 0" for zeros), the list's own sha256, and how many bytes a block has. Block N is at the path with /N behind it.
	// Empty: there is none, and the card is written in full.
	Blocks       string
	BlocksSHA256 string
	BlockSize    int64
}

// Pack is a compression that the live environment can undo.
type Pack string

// The compressions that busybox unpacks; None is a file that is used as it is.
const (
	None Pack = ""
	GZ   Pack = "gz"
	XZ   Pack = "xz"
	BZ2  Pack = "bz2"
)

// PackOf tells the compression of a file by its name (.gz .tgz .xz .txz .bz2 .tbz2 .tbz).
func PackOf(name string) Pack {
	switch path.Ext(name) {
	case ".gz", ".tgz":
		return GZ
	case ".xz", ".txz":
		return XZ
	case ".bz2", ".tbz2", ".tbz":
		return BZ2
	}
	return None
}

var (
	namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	hashPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
	keyPattern  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,63}$`)
	pathPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/+~-]*$`)
	destPattern = regexp.MustCompile(`^(disk|p[1-9][0-9]{0,2})$`)
)

// Validate reports everything that would make the second stage fail on the board.
func (v Vars) Validate() error {
	var errs []error
	if len(v.URLs) == 0 {
		errs = append(errs, errors.New("no server URL"))
	}
	for _, base := range v.URLs {
		if u, err := url.Parse(base); err != nil || u.Scheme != "http" || u.Host == "" || strings.ContainsAny(base, " \t\n'\"?#") {
			errs = append(errs, fmt.Errorf("server URL %q: not of the form http://host:port/b/TOKEN", base))
		}
	}
	if !strings.HasPrefix(v.Disk, "/") {
		errs = append(errs, fmt.Errorf("disk %q is no absolute path", v.Disk))
	}
	if _, err := keepList(v.Keep); err != nil {
		errs = append(errs, fmt.Errorf("keep: %w", err))
	}
	switch v.Readback {
	case "", ReadbackFull, ReadbackSampled, ReadbackOff:
	default:
		errs = append(errs, fmt.Errorf("readback %q: must be full, sampled or off", v.Readback))
	}
	for _, key := range slices.Sorted(maps.Keys(v.Config)) {
		if !keyPattern.MatchString(key) {
			errs = append(errs, fmt.Errorf("config key %q: letters, digits and _ . - only", key))
		}
	}
	for _, a := range v.Artifacts {
		if err := a.validate(); err != nil {
			errs = append(errs, fmt.Errorf("artifact %q: %w", a.Name, err))
		}
	}
	return errors.Join(errs...)
}

// validate reports the first thing wrong with an artifact.
func (a Artifact) validate() error {
	switch {
	case !namePattern.MatchString(a.Name):
		return errors.New("the name has other characters than letters, digits and . _ -")
	case !pathPattern.MatchString(a.path()):
		return fmt.Errorf("path %q has characters that need quoting", a.Path)
	case !hashPattern.MatchString(a.SHA256):
		return fmt.Errorf("sha256 %q is not 64 hex digits", a.SHA256)
	case a.Size < 0 || a.Start < 0 || a.Length < 0 || a.Start%512 != 0:
		return fmt.Errorf("size %d, start %d, length %d: negative, or start within a sector", a.Size, a.Start, a.Length)
	case a.Unpacked != "" && !hashPattern.MatchString(a.Unpacked):
		return fmt.Errorf("sha256 of the unpacked file %q is not 64 hex digits", a.Unpacked)
	case a.Files != "" && (!pathPattern.MatchString(a.Files) || !hashPattern.MatchString(a.FilesSHA256)):
		return fmt.Errorf("list of files %q with sha256 %q", a.Files, a.FilesSHA256)
	case a.Blocks != "" && (!pathPattern.MatchString(a.Blocks) || !hashPattern.MatchString(a.BlocksSHA256) || a.BlockSize <= 0):
		return fmt.Errorf("list of blocks %q with sha256 %q of blocks of %d bytes", a.Blocks, a.BlocksSHA256, a.BlockSize)
	case a.To != "" && !destPattern.MatchString(a.To):
		return fmt.Errorf("to: %q is neither disk nor pN", a.To)
	case a.Pack != None && a.Pack != GZ && a.Pack != XZ && a.Pack != BZ2:
		return fmt.Errorf("pack %q: boards unpack gz, xz and bz2", a.Pack)
	}
	return nil
}

func (a Artifact) path() string {
	if a.Path != "" {
		return a.Path
	}
	return "artifact/" + a.Name
}
