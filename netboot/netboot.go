// Package netboot is everything that boards talk to: TFTP for their loaders, HTTP for the live environment, syslog.
//
// It decides what a name means (whose boot entry, which boot's kernel, which image's artifact), renders what is made for
// one boot only, and tells the boards' actors what it saw. It refuses every name it does not know at once, for silence
// costs a loader 55 s, and serves nothing of a boot that is over. It never decides what a board does next: a callback's
// answer is the actor's verdict, after its commit.
//
// One Server serves one rack. It reads published boards without locks and asks an actor only for callbacks. DESIGN.md has
// the order of things; images, live, probe and boardsim below have packages of their own. cmd/mozpool/server starts it.
package netboot

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/netboot/dumps"
	"mozpool/netboot/images"
	"mozpool/persistence"
)

// Boards are the boards that this server serves. *actors.Fleet is one.
type Boards interface {
	ByName(name string) *actors.View
	ByMAC(mac inventory.MAC) *actors.View
	ByToken(t board.Token) *actors.View
	ByAddress(a netip.Addr) *actors.View
	Tell(id string, e actors.Evidence)
	Report(id string, t board.Token, p actors.Progress)
	Stranger(mac inventory.MAC, from netip.Addr, rack string)
	Ask(ctx context.Context, id string, e actors.Evidence) (board.Verdict, error)
}

// Config says how a rack is served.
type Config struct {
	Rack    string
	Listen  netip.Addr // where the sockets are bound
	Address netip.Addr // what boards are told: Listen, or the rack's service address
	// Others tells where boards reach the servers of this rack that live, by HTTP, the best first; it must not wait. Scripts
	// ask them in turn. nil: there is no other.
	Others    func() []netip.AddrPort
	HTTP      uint16 // ports; 0: any free one
	TFTP      uint16
	Syslog    uint16
	Files     string       // folder; boot/ below it is served as it is
	Bare      bool         // also the original's callbacks, without tokens
	Dumps     *dumps.Store // where boards may write crash dumps by TFTP; nil: nowhere
	Boards    Boards
	Catalogue *images.Published
	Logs      persistence.Logs // nil: silence
	Metrics   *Metrics         // nil: silence
	Logger    *slog.Logger     // nil: silence
	Clock     func() time.Time // nil: time.Now
}

// order is what the board's attempt pinned; nil: none.
func order(v *actors.View) *images.Order {
	if v == nil || v.Inputs == nil {
		return nil
	}
	o, _ := v.Inputs.Order.(*images.Order)
	return o
}

// byAddress finds a board of this rack by its address; another rack's VLAN may use the same addresses.
func (s *Server) byAddress(a netip.Addr) *actors.View {
	v := s.cfg.Boards.ByAddress(a)
	if v == nil || v.Spec.Rack != s.cfg.Rack {
		return nil
	}
	return v
}

// bootOf is what templates know of the board's living boot.
func (s *Server) bootOf(v *actors.View) images.Boot {
	return images.Boot{Server: s.cfg.Address.String(), Port: int(s.addrs.HTTP.Port()), Token: v.Board.Token.String(), Board: v.Spec.Name,
		MAC: v.Spec.MAC.String(), Rack: v.Spec.Rack, Attempt: uint64(v.Board.Attempt), Boot: uint64(v.Board.Boot)}
}

// line adds a line about a transfer to a board's log, with the tokens in it cut.
func (s *Server) line(v *actors.View, severity int, text string) {
	if s.cfg.Logs != nil && v != nil {
		s.cfg.Logs.Append(persistence.Line{Board: v.Spec.Name, At: s.cfg.Clock(), Source: "transfer", Severity: severity, Text: board.CutTokens(text)})
	}
}
