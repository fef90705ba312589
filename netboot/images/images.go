// Package images is the catalogue of what can be put on boards: hardware types,
// images, their artifacts, and the boot entries made of them.
//
// It decides whether an image is fit to be used at all (every file, hash,
// template and script is looked at when images.yaml is loaded, and everything
// wrong is reported at once), what exactly a wish means (Resolve pins all of it
// in an Order, so that neither a restart nor another images.yaml changes a
// running attempt), and what a boot entry says (RenderEntry).
//
// It refuses to serve a file that is not the one that was pinned, to leave the
// folders it was given (os.Root), and to make an image that would overwrite a
// board's boot loader. It knows nothing of boards' states, sends nothing to
// boards, and asks others whether a script is sound. Called by the server at
// start and at reload, by the board actor when a wish is accepted, and by the
// TFTP and HTTP servers.
package images

import "mozpool/persistence/strictyaml"

// The names of the built-in images.
const (
	Maintenance = "mozpool/maintenance"
	SelfTest    = "mozpool/self-test"
)

// Hardware is a hardware type as images.yaml describes it.
type Hardware struct {
	Name        string
	Revision    string // hash of what it says; not of its live environment, which each boot pins
	Live        string // folder below files, such as live/arm64
	FDT         string // device tree file in Live; empty: board.dtb if there is one
	Append      string // kernel arguments
	Disk        string // device that images are written to
	Keep        []Area // never written: the boot loader lives there
	Limits      Limits // over the board table's
	SelfTest    string // image for self-tests
	Maintenance string // image for maintenance
	TFTPBlock   int    // most bytes in a TFTP block; 0: what the path to the board carries whole
	TFTPWindow  int    // most TFTP blocks sent before an acknowledgement; 0: what the board asks for, up to 64
	Loader      Loader // the only family that its boards boot by; empty: the one that asks
	Entry       string // text of its own boot-entry template; empty: the built-in one
	EntryFile   string // that it was read from, below files
	Source      string // file it comes from, "built in", or FromAPI
}

// Image is an image as images.yaml describes it.
type Image struct {
	Name       string
	Revision   string   // hash of the content: other content, other revision
	Hardware   []string // types it is for; empty: all
	Install    Install
	Script     string // body of the script, for InstallScript
	Artifacts  []ArtifactSpec
	ConfigKeys []string // required in a wish
	Readback   Readback
	Verify     Verify
	Limits     Limits // over the hardware type's
	Compat     string // prefix of state names in the old API: android or b2g
	Source     string // file it comes from, "built in", or FromAPI
}

// ArtifactSpec is one file of an image before it is pinned.
type ArtifactSpec struct {
	Name   string
	File   string   // below files/artifacts, or a template over .Config
	SHA256 string   // of the file as it lies there; empty: computed
	To     string   // disk or pN; empty for scripts that place it themselves
	Part   int      // only this partition of the file; 0: the whole
	Unpack bool     // the server unpacks it, so that boards fetch single blocks; .zst always is
	Allow  []string // for templates: globs of names under artifacts/, or URL prefixes
	// Stored says that the file is the upload of this SHA256; File is only what people call it. Omitted where it is false:
	// revisions hash the JSON of images.
	Stored bool `json:",omitempty"`
}

// Install is how an image gets onto a board.
type Install string

// The ways to install.
const (
	InstallRaw    Install = "raw"    // artifact to disk or partition, byte by byte
	InstallTar    Install = "tar"    // archive into a mounted partition
	InstallScript Install = "script" // the image's own script
)

// Readback is how much of what was written is read again and compared.
type Readback string

// The degrees of reading back.
const (
	ReadbackFull    Readback = "full"
	ReadbackSampled Readback = "sampled"
	ReadbackOff     Readback = "off"
)

// VerifyKind is what proves that an image runs.
type VerifyKind string

// The kinds of proof.
const (
	VerifyLoader   VerifyKind = "loader"   // fell through to its local entry, then quiet
	VerifyPing     VerifyKind = "ping"     // answers pings
	VerifyTCP      VerifyKind = "tcp"      // accepts a connection, and says Expect
	VerifyHTTP     VerifyKind = "http"     // answers URL with Status
	VerifyCallback VerifyKind = "callback" // asks /up
	VerifyNone     VerifyKind = "none"     // nothing is checked
)

// Verify says what proves that an image runs.
type Verify struct {
	Kind   VerifyKind          `json:"kind"`
	For    strictyaml.Duration `json:"for,omitempty"`    // how long it has to hold
	Port   uint16              `json:"port,omitempty"`   // tcp
	Expect string              `json:"expect,omitempty"` // tcp: text that the board must say; empty: connecting is enough
	URL    string              `json:"url,omitempty"`    // http: absolute, or :PORT/PATH or /PATH on the board's own address
	Status int                 `json:"status,omitempty"` // http: 200 unless said
}

// Limits are time limits by state name, and "stall".
type Limits map[string]strictyaml.Duration
