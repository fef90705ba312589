package v1

import (
	"net/netip"
	"time"

	"mozpool/actors/board"
)

// Event is one transition of a board.
type Event struct {
	At    time.Time   `json:"at"`
	From  board.State `json:"from"`
	To    board.State `json:"to"`
	By    board.Kind  `json:"by"` // what moved it
	Visit uint64      `json:"visit"`
	Boot  uint32      `json:"boot"`
	Part  board.Part  `json:"part"` // a failed visit: what it is put down to
	Text  string      `json:"text"`
}

// Line is one line of a board's log. Severity is that of RFC 5424: 0 emergency to 7 debug.
type Line struct {
	At       time.Time  `json:"at"`
	BoardAt  *time.Time `json:"board_at"` // the board's own stamp; null: it gave none
	Source   string     `json:"source"`
	Severity int        `json:"severity"`
	Text     string     `json:"text"`
	Lost     uint64     `json:"lost,omitempty"` // following: lines dropped before this one
	// Following, and all: no line, but the servers whose lines are not among those before it.
	Missing []string `json:"missing,omitempty"`
}

// Log are lines in the order in which they came.
type Log struct {
	Lines   []Line   `json:"lines"`
	Missing []string `json:"missing"` // servers that did not answer, so that their lines are not among these
}

// Dump is a crash dump that a board left on the server that is asked.
type Dump struct {
	Name string    `json:"name"`
	Size int64     `json:"size"` // bytes
	At   time.Time `json:"at"`   // when it came
}

// Dumps are a board's crash dumps, the oldest first.
type Dumps struct {
	Dumps []Dump `json:"dumps"`
}

// Image is an image that can be put on boards.
type Image struct {
	Name       string            `json:"name"`
	Revision   string            `json:"revision"` // of its content
	Hardware   []string          `json:"hardware"` // empty: all
	Install    string            `json:"install"`
	Artifacts  []Artifact        `json:"artifacts"`
	ConfigKeys []string          `json:"config_keys"` // required in a wish
	Readback   string            `json:"readback"`
	Verify     Verify            `json:"verify"`
	Limits     map[string]string `json:"limits"`  // by state, and stall
	Compat     string            `json:"compat"`  // prefix of state names in the old API
	Source     string            `json:"source"`  // the file that it comes from
	Suspect    []Suspicion       `json:"suspect"` // where it fails on boards that work otherwise; empty: nowhere
}

// Suspicion says where an image is suspect: there boards wait for it, and wishes for it are refused unless forced.
type Suspicion struct {
	Rack     string `json:"rack"`
	Hardware string `json:"hardware"`
	Incident string `json:"incident"` // its id
}

// Verify says what proves that an image runs.
type Verify struct {
	Kind   string `json:"kind"`
	For    string `json:"for,omitempty"` // how long it has to hold
	Port   uint16 `json:"port,omitempty"`
	Expect string `json:"expect,omitempty"`
	URL    string `json:"url,omitempty"`
	Status int    `json:"status,omitempty"`
}

// Artifact is a file of an image.
type Artifact struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	To     string `json:"to"`
	Part   int    `json:"part,omitempty"`
}

// Images are all images, sorted by name.
type Images struct {
	Images []Image `json:"images"`
}

// Hardware is a hardware type.
type Hardware struct {
	Name        string            `json:"name"`
	Revision    string            `json:"revision"` // other content is another one; it is the ETag as well
	Live        string            `json:"live"`
	FDT         string            `json:"fdt"`
	Append      string            `json:"append"`
	Disk        string            `json:"disk"`
	Keep        []string          `json:"keep"` // areas that no image may write
	Limits      map[string]string `json:"limits"`
	SelfTest    string            `json:"self_test"`
	Maintenance string            `json:"maintenance"`
	TFTPBlock   int               `json:"tftp_block"`  // most bytes in a block; 0: what the path carries
	TFTPWindow  int               `json:"tftp_window"` // most blocks before an acknowledgement; 0: what the loader asks for, up to 64
	Loader      string            `json:"loader"`      // pxelinux or ipxe: the only loader that its boards boot by; empty: the one that asks
	Entry       string            `json:"entry"`       // file of its own boot entry, below the server's files; empty: the built-in one
	Source      string            `json:"source"`
}

// HardwareTypes are all hardware types, sorted by name.
type HardwareTypes struct {
	Hardware []Hardware `json:"hardware"`
}

// Rack is a rack of boards: what the configuration says of it, and how many of its boards are in which state.
type Rack struct {
	Name        string              `json:"name"`
	Servers     []string            `json:"servers"` // that may serve it, in order of preference
	Listen      string              `json:"listen"`  // where its boards reach this server; empty: not served here
	BootsAtOnce int                 `json:"boots_at_once"`
	BootsNow    int                 `json:"boots_now"` // as many at once does the network bear
	Booting     int                 `json:"booting"`   // between power-on and live environment
	Queued      int                 `json:"queued"`    // wait for a place in the power budget
	Boards      int                 `json:"boards"`
	States      map[board.State]int `json:"states"`
}

// Racks are all racks, sorted by name.
type Racks struct {
	Racks []Rack `json:"racks"`
}

// Stranger is a MAC address that asked for a boot entry and belongs to no board.
type Stranger struct {
	MAC     string     `json:"mac"`
	Address netip.Addr `json:"address"`
	Rack    string     `json:"rack"`
	First   time.Time  `json:"first"`
	Last    time.Time  `json:"last"`
	Times   int        `json:"times"`
}

// Discovered are the strangers, the latest first.
type Discovered struct {
	Discovered []Stranger `json:"discovered"`
}

// Readiness is the answer of /readyz.
type Readiness struct {
	Ready   bool     `json:"ready"`
	Reasons []string `json:"reasons"` // why not; empty: ready
	Remarks []string `json:"remarks"` // what people should know all the same
}

// BoardEvent is one transition, as those who follow all boards are told of it.
type BoardEvent struct {
	ID      string `json:"id"` // for Last-Event-ID
	Board   string `json:"board"`
	Rack    string `json:"rack"`
	Attempt uint32 `json:"attempt"`
	Event
}

// BoardEvents are those that the server still has, oldest first.
type BoardEvents struct {
	Events []BoardEvent `json:"events"`
}
