package netboot

import (
	"fmt"
	"net/netip"

	"mozpool/actors"
	"mozpool/actors/inventory"
	"mozpool/netboot/images"
)

const (
	chainName    = "boot.ipxe"    // what DHCP names to iPXE
	scriptFolder = "ipxe/"        // beside it: a board's own script, by its MAC
	cardScript   = "ipxe/default" // the site's script for boards that have nothing to do, below boot/
)

// openScript opens ipxe/MAC: the script that boots a board's live environment now, or else the one that sends it on to
// its card. iPXE asks once a start, so that the second proves what the default entry proves of other loaders. false: the
// name is none of these, and may be a file of the site's. look: nobody boots by it, so that it is evidence of nothing.
func (s *Server) openScript(name string, peer netip.AddrPort, look bool) (*Transfer, bool) {
	if len(name) > maxName {
		return nil, false
	}
	text, ok := cutLast(name, scriptFolder)
	if !ok {
		return nil, false
	}
	mac, err := inventory.ParseMAC(text)
	if err != nil {
		return nil, false
	}
	v := s.cfg.Boards.ByMAC(mac)
	if v != nil && v.Spec.Rack == s.cfg.Rack {
		return s.boardScript(v, name, peer, look), true
	}
	if !look {
		s.cfg.Boards.Stranger(mac, peer.Addr(), s.cfg.Rack)
	}
	return s.openCardScript(), true
}

// boardScript opens the script that the board is to have now.
func (s *Server) boardScript(v *actors.View, name string, peer netip.AddrPort, look bool) *Transfer {
	t, text := s.openCardScript(), nothingFor(images.IPXE, v)
	if data, err := s.entry(images.IPXE, v); err == nil {
		_ = t.Close() // was only opened
		t, text = fromMemory(data), "got its iPXE script of boot "+fmt.Sprint(v.Board.Boot)
	} else if !look {
		t.Done = s.fellThrough(v, peer, "read the iPXE script that leads to the card")
	}
	if !look {
		s.loaderAsked(v, peer, name, "its iPXE script", text)
	}
	return t
}

// openCardScript opens the site's script for boards that have nothing to do, or ours.
func (s *Server) openCardScript() *Transfer {
	if t, err := s.openExactly(cardScript); err == nil {
		return t
	}
	return fromMemory([]byte(images.CardScript))
}
