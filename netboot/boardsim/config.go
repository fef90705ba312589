package boardsim

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"
)

// Config describes a board.
type Config struct {
	Name string
	// MAC is the address that the loader asks with.
	MAC net.HardwareAddr
	// Address is where the board sends from, one a board: of 127.0.0.0/8, or another of this machine.
	Address netip.Addr
	// TFTP is where the loader asks: what DHCP would have told it.
	TFTP netip.AddrPort
	// UpPort is the port of the rack's HTTP listener, where an image with a callback reports. Default: 8000.
	UpPort int
	// Where tells TFTP and UpPort of the moment, for racks that change hands: it is asked at each connection, which goes
	// there whatever the URL says, as to a service address that moved. nil: they stay.
	Where func() (tftp netip.AddrPort, upPort int)
	// ByURL: HTTP goes where URLs say, in spite of Where, as in a rack without a service address.
	ByURL bool
	// Card is the file that is the board's card; made if missing. It is sparse.
	Card string
	// CardSize is in bytes. Default: 16 MiB.
	CardSize int64
	// LoaderOffCard is for boards whose loader does not live on the card: whole-disk images are harmless then.
	LoaderOffCard bool
	// IPXE is for boards whose loader is iPXE: it asks for scripts, and reads its files by HTTP.
	IPXE bool
	// OldSurvives lets the image that ran before come up from a card that is only half written, as happens where the
	// boot files were not reached yet. It then answers everything as if nothing had happened.
	OldSurvives bool
	// Times are those of a real board; Speed divides them.
	Times Times
	// Speed divides all times. Default: 1.
	Speed float64
	// FaultRate is the probability, per step of a boot, that something breaks. Default: 0.
	FaultRate float64
	// Seed and the name decide all chance.
	Seed uint64
	// OnEvent hears what the board really does. It is called from the board's goroutine and must not block.
	OnEvent func(Event)
	// Logger gets a line per event at debug level; nil: silence.
	Logger *slog.Logger
}

// Times are how long a board takes for what it does by itself.
type Times struct {
	Loader time.Duration // from power to the first TFTP request. Default: 3s
	Kernel time.Duration // from the last byte of the kernel to the live environment. Default: 10s
	Write  time.Duration // to write one MiB, on top of what the file takes. Default: 100ms
	Reboot time.Duration // from the reboot to the loader. Default: 2s
	Image  time.Duration // from the loader's fall-through to an image that answers. Default: 8s
	Retry  time.Duration // first pause before something is asked again; doubles. Default: 1s
	Answer time.Duration // patience for a TFTP answer. Default: 5s
	Test   time.Duration // a self-test. Default: 20s
}

// DefaultTimes are near those of a small ARM board.
func DefaultTimes() Times {
	return Times{Loader: 3 * time.Second, Kernel: 10 * time.Second, Write: 100 * time.Millisecond, Reboot: 2 * time.Second,
		Image: 8 * time.Second, Retry: time.Second, Answer: 5 * time.Second, Test: 20 * time.Second}
}

const defaultCard = 16 << 20

func (c *Config) fill() {
	c.CardSize = cmp.Or(c.CardSize, defaultCard)
	c.UpPort = cmp.Or(c.UpPort, 8000)
	c.Speed = cmp.Or(c.Speed, 1)
	d := DefaultTimes()
	c.Times = Times{Loader: cmp.Or(c.Times.Loader, d.Loader), Kernel: cmp.Or(c.Times.Kernel, d.Kernel), Write: cmp.Or(c.Times.Write, d.Write),
		Reboot: cmp.Or(c.Times.Reboot, d.Reboot), Image: cmp.Or(c.Times.Image, d.Image), Retry: cmp.Or(c.Times.Retry, d.Retry),
		Answer: cmp.Or(c.Times.Answer, d.Answer), Test: cmp.Or(c.Times.Test, d.Test)}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.OnEvent == nil {
		c.OnEvent = func(Event) {}
	}
}

// Validate reports everything that makes the board impossible.
func (c *Config) Validate() error {
	var errs []error
	wrong := func(bad bool, format string, a ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, a...))
		}
	}
	wrong(c.Name == "", "a simulated board needs a name")
	wrong(len(c.MAC) != 6, "MAC %q has not 6 bytes", c.MAC)
	wrong(!c.Address.Is4(), "address %s is no IPv4 address", c.Address)
	wrong(!c.TFTP.IsValid() || c.TFTP.Port() == 0, "the TFTP server %s is no address with a port", c.TFTP)
	wrong(c.Card == "", "the card needs a file")
	wrong(c.CardSize != 0 && (c.CardSize < minCard || c.CardSize%sector != 0), "a card of %d bytes: at least %d, and whole sectors of %d",
		c.CardSize, minCard, sector)
	wrong(c.UpPort < 0 || c.UpPort > 65535, "%d is no port for /up", c.UpPort)
	wrong(!(c.Speed >= 0), "speed %g is below 0", c.Speed) // negated, so that NaN is wrong too
	wrong(!(c.FaultRate >= 0 && c.FaultRate <= 1), "fault rate %g is no probability from 0 to 1", c.FaultRate)
	wrong(c.Times.shortest() < 0, "a board cannot take less than no time: %+v", c.Times)
	return errors.Join(errs...)
}

func (t Times) shortest() time.Duration {
	return min(t.Loader, t.Kernel, t.Write, t.Reboot, t.Image, t.Retry, t.Answer, t.Test)
}

func (c *Config) scale(d time.Duration) time.Duration { return time.Duration(float64(d) / c.Speed) }

// How patient the live environment is with its server, as the second stage's library is.
const (
	answerWithin = 20 * time.Second // for an answer
	stallWithin  = 30 * time.Second // without a byte
	giveUpAfter  = 30 * time.Minute // of asking again; then the board boots its card
	leastWait    = 2 * time.Second  // whatever the speed: the server's machine does not get faster
)

// patience is a scaled limit on the server.
func (c *Config) patience(d time.Duration) time.Duration { return max(c.scale(d), leastWait) }

// where is the server that the board finds now.
func (c *Config) where() (tftp netip.AddrPort, upPort int) {
	if c.Where == nil {
		return c.TFTP, c.UpPort
	}
	return c.Where()
}
