// Package tftp serves files by TFTP, and takes those that clients write, where it is told to: RFC 1350 with the options of RFC 2347, blksize (2348), timeout and tsize
// (2349) and windowsize (7440).
//
// It decides how the bytes of a file get to a client: how large blocks and windows are, when a packet is sent again, when a
// client is given up. It refuses every mode but octet, and blocks beyond what the path carries whole. It does not
// know what a name means: a Handler or a Taker does, and is told how each transfer ended.
//
// One socket serves one transfer; on Linux one thread, the reactor, runs all that send files of a disk. DESIGN.md beside this
// file has the order of things. Package netboot runs one Server for each rack.
package tftp

import (
	"io"
	"log/slog"
	"net/netip"
	"time"
)

// File is an opened file on its way to a client.
type File struct {
	// Content is what is sent. An *os.File is mapped, and the mapping shared with every transfer of the same file; it is
	// not to change while it is served. The transfer closes it.
	Content interface {
		io.ReaderAt
		io.Closer
	}
	// Size is the length of the content in bytes.
	Size int64
	// MaxBlock and Window are those of Config, for this file and client; 0: the Config's.
	MaxBlock, Window int
	// Done is told once how the transfer ended. It may be nil.
	Done func(Outcome)
}

// Outcome is how a transfer ended.
type Outcome struct {
	Sent     int64 // bytes; those that were sent again are not counted
	Repeated int64 // blocks that were sent again
	Window   int   // blocks sent before an acknowledgement, as agreed; 0: no transfer began
	Err      error // nil: the last byte was acknowledged
}

// Handler opens what a client asks for. It is called in the goroutine of the transfer and may take its time. An *Error is
// sent to the client as it is, any other error under code 1 with its text.
type Handler func(name string, peer netip.AddrPort) (*File, error)

// Taker decides where a file goes that a client wants to write. size is what the client says of it in bytes; -1: nothing. It
// is called in the goroutine of the transfer. Errors reach the client as a Handler's do.
type Taker func(name string, size int64, peer netip.AddrPort) (Sink, error)

// Sink takes what a client writes. A transfer ends with one call of Keep or Drop, and none of Write after it.
type Sink interface {
	io.Writer // an *Error is sent to the client as it is
	// Keep is called when every byte has come, before the client is told so. An error is the client's, and the sink's end.
	Keep() error
	// Drop says what ended the transfer before that.
	Drop(error)
}

// Gate bounds how many transfers go on at once. Every true of Enter is followed by one Leave.
type Gate interface {
	Enter(client netip.Addr) bool
	Leave(client netip.Addr)
}

// Config says how a Server serves. Only Open must be set.
type Config struct {
	Open     Handler
	Take     Taker         // nil: nothing may be written
	Gate     Gate          // nil: no bounds
	MaxBlock int           // bytes; 0: what the path to the client carries in one packet; else that many, fragmented or not
	Window   int           // the most blocks sent before an acknowledgement is waited for; 0: 64
	Silence  time.Duration // a client that acknowledges nothing new for so long is gone; 0: 5 s. One that asks for a longer timeout gets five of those, at most 30 s
	Logger   *slog.Logger  // nil: silence
}

const (
	defaultWindow  = 64
	defaultSilence = 5 * time.Second
	longestSilence = 30 * time.Second
	stopWithin     = 4 * time.Second // what a transfer may take to notice that the server stops
)

// Server answers requests. Make one with New.
type Server struct {
	cfg     Config
	log     *slog.Logger
	files   mappings
	live    roster
	reactor *reactor // while Serve runs
	least   bool     // for tests: as on a system without segmentation offload
	plain   bool     // for tests: as on a system without any of it
}

// New makes a server; Serve runs it.
func New(cfg Config) *Server {
	if cfg.Window <= 0 {
		cfg.Window = defaultWindow
	}
	if cfg.Silence <= 0 {
		cfg.Silence = defaultSilence
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Gate == nil {
		cfg.Gate = open{}
	}
	return &Server{cfg: cfg, log: cfg.Logger}
}

// open is a gate without bounds.
type open struct{}

func (open) Enter(netip.Addr) bool { return true }
func (open) Leave(netip.Addr)      {}
