package netboot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"strings"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/netboot/images"
)

// maxName is the longest name that a loader may ask for, in bytes.
const maxName = 127

// Transfer is an opened file on its way to a loader. Whoever serves it closes it, and says with Done how it ended.
type Transfer struct {
	Content
	Size int64
	// Done is told once how many bytes were sent, and what ended the transfer; nil: the last byte is with the reader (by
	// TFTP acknowledged, by HTTP taken by the kernel).
	Done func(sent int64, err error)

	board    *actors.View // whose boot the file is of; nil: not known by its name
	repeated int64        // blocks that TFTP sent again, told before Done
	window   int          // of TFTP, told before Done
}

// pace says how large the windows were, for the end of a sentence; empty: block by block.
func (t *Transfer) pace() string {
	if t.window < 2 {
		return ""
	}
	return fmt.Sprintf(" in windows of %d", t.window)
}

// again says how much had to be sent again, for the end of a sentence; empty: nothing.
func (t *Transfer) again() string {
	if t.repeated == 0 {
		return ""
	}
	return fmt.Sprintf(", %d blocks sent again", t.repeated)
}

// Content is an *os.File, or what was made for one boot.
type Content interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// errNoFile is what every name gets that means nothing here.
var errNoFile = errors.New("no such file")

// Open finds what a loader asks for, whatever serves it, and tells the board's actor. Any folders before the known part
// of a name are ignored: a loader puts those of its DHCP boot file there. The error's text goes to the loader.
func (s *Server) Open(name string, peer netip.AddrPort) (*Transfer, error) {
	if len(name) > maxName || strings.ContainsAny(name, "\x00\\") {
		return nil, errNoFile
	}
	name = strings.TrimLeft(path.Clean("/"+name), "/")
	if token, file, ok := tokenFile(name); ok { // first: a loader whose boot file is a configuration puts pxelinux.cfg/ before all
		return s.openBootFile(token, file, peer)
	}
	if rest, ok := cutLast(name, "pxelinux.cfg/"); ok {
		return s.openConfig(rest, name, peer)
	}
	if t, ok := s.openScript(name, peer, false); ok {
		return t, nil
	}
	t, err := s.openSiteFile(name)
	if err != nil && path.Base(name) == chainName {
		return fromMemory([]byte(images.ChainScript)), nil
	}
	return t, err
}

// cutLast gives what follows the last folder of this name, which stands at the start or behind a slash.
func cutLast(name, folder string) (after string, ok bool) {
	i := strings.LastIndex("/"+name, "/"+folder)
	if i < 0 {
		return "", false
	}
	return name[i+len(folder):], true
}

// tokenFile reads [prefix/]b/TOKEN/FILE.
func tokenFile(name string) (board.Token, string, bool) {
	rest, _ := cutLast(name, "b/")
	text, file, ok := strings.Cut(rest, "/")
	t, err := board.ParseToken(text)
	return t, file, ok && err == nil && !strings.Contains(file, "/")
}

// openConfig answers for pxelinux.cfg/…: a board's own entry by its MAC, and the default.
func (s *Server) openConfig(name, whole string, peer netip.AddrPort) (*Transfer, error) {
	if name == "default" {
		return s.openDefault(peer)
	}
	hw, ok := strings.CutPrefix(name, "01-")
	if !ok {
		return nil, errNoFile
	}
	mac, err := inventory.ParseMAC(hw)
	if err != nil {
		return nil, errNoFile
	}
	v := s.cfg.Boards.ByMAC(mac)
	if v == nil || v.Spec.Rack != s.cfg.Rack {
		s.cfg.Boards.Stranger(mac, peer.Addr(), s.cfg.Rack)
		return nil, errNoFile
	}
	data, err := s.entry(images.PXELINUX, v)
	text := "got its entry of boot " + fmt.Sprint(v.Board.Boot)
	if err != nil {
		text = nothingFor(images.PXELINUX, v)
	}
	s.loaderAsked(v, peer, whole, "its boot entry", text)
	if err != nil {
		return nil, err
	}
	return fromMemory(data), nil
}

// loaderAsked tells of a loader that asks for its board's entry, once for a question that is sent again.
func (s *Server) loaderAsked(v *actors.View, peer netip.AddrPort, name, what, got string) {
	if s.asked.first(peer.String()+" "+name, s.cfg.Clock()) {
		s.cfg.Boards.Tell(v.Spec.ID, actors.Evidence{Input: board.Input{Kind: board.LoaderAsked, Text: got}, From: peer})
		s.line(v, 6, fmt.Sprintf("loader at %s asked for %s: %s", peer.Addr(), what, got))
	}
}

// nothingFor says why a loader of this family gets no entry.
func nothingFor(l images.Loader, v *actors.View) string {
	if o := order(v); o != nil && v.Board.HasEntry() && !o.Boots(l) {
		return fmt.Sprintf("there was none for it: boards of type %s boot by %s only", o.Hardware.Name, o.Hardware.Loader)
	}
	return "there was none for it"
}

// entry renders the board's own boot entry for a family of loaders, if it is to have one now.
func (s *Server) entry(l images.Loader, v *actors.View) ([]byte, error) {
	o := order(v)
	if !v.Board.HasEntry() || o == nil || !o.Boots(l) {
		return nil, errNoFile
	}
	data, err := images.RenderEntry(l, *o, images.VarsOf(*o, s.bootOf(v)))
	if err != nil {
		s.log.Error("boot entry not rendered", "board", v.Spec.Name, "error", err)
		return nil, errNoFile
	}
	return data, nil
}

// openDefault answers with the site's default entry, or with ours, which chains to the card.
func (s *Server) openDefault(peer netip.AddrPort) (*Transfer, error) {
	t, err := s.openExactly("pxelinux.cfg/default")
	if err != nil {
		t = fromMemory([]byte(images.DefaultEntry))
	}
	if v := s.byAddress(peer.Addr()); v != nil {
		t.Done = s.fellThrough(v, peer, "read the default entry")
	}
	return t, nil
}

// fellThrough is the Done of what sends a board to its card.
func (s *Server) fellThrough(v *actors.View, peer netip.AddrPort, text string) func(int64, error) {
	return func(_ int64, err error) {
		if err == nil && s.asked.first(peer.String()+" default", s.cfg.Clock()) {
			s.cfg.Boards.Tell(v.Spec.ID, actors.Evidence{Input: board.Input{Kind: board.FellThrough, Text: text}, From: peer})
		}
	}
}

func fromMemory(data []byte) *Transfer {
	return &Transfer{Content: nopCloser{bytes.NewReader(data)}, Size: int64(len(data)), Done: func(int64, error) {}}
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }

// openBootFile opens a file of a boot that is alive.
func (s *Server) openBootFile(t board.Token, name string, peer netip.AddrPort) (*Transfer, error) {
	v := s.cfg.Boards.ByToken(t)
	o := order(v)
	if o == nil || v.Board.Token != t || v.Spec.Rack != s.cfg.Rack {
		return nil, errNoFile
	}
	file, kind := bootFile(o, name)
	if file == nil {
		return nil, errNoFile
	}
	f, err := s.cfg.Catalogue.Get().Open(*file)
	if err != nil {
		s.line(v, 3, fmt.Sprintf("%s for boot %d: %v", name, v.Board.Boot, err))
		return nil, errNoFile
	}
	began := s.cfg.Clock()
	x := &Transfer{Content: f, Size: file.Size, board: v}
	x.Done = func(sent int64, err error) {
		took := s.cfg.Clock().Sub(began).Round(time.Millisecond)
		if err != nil {
			s.line(v, 4, fmt.Sprintf("%s to %s broke off after %d of %d bytes%s: %v", name, peer.Addr(), sent, file.Size, x.again(), err))
			return
		}
		s.line(v, 6, fmt.Sprintf("%s to %s: %d bytes in %v%s%s", name, peer.Addr(), file.Size, took, x.pace(), x.again()))
		s.cfg.Boards.Tell(v.Spec.ID, actors.Evidence{Input: board.Input{Kind: kind, Token: t, Text: name + " read" + x.again()}, From: peer})
	}
	return x, nil
}

// bootFile finds a file of the live environment, and what it proves once it was read to its end. A device tree is the last
// thing that U-Boot reads, so it proves no less than the kernel before it.
func bootFile(o *images.Order, name string) (*images.File, board.Kind) {
	switch name {
	case "kernel":
		return &o.Hardware.Kernel, board.KernelRead
	case "initrd":
		return &o.Hardware.Initrd, board.InitrdRead
	case "fdt":
		return o.Hardware.FDT, board.KernelRead
	case "squashfs":
		return o.Hardware.Squashfs, board.SquashfsRead
	}
	return nil, ""
}

// openSiteFile opens a file of the folder boot/. No name leaves it. A prefix that is not there is taken off bit by bit.
func (s *Server) openSiteFile(name string) (*Transfer, error) {
	root, err := os.OpenRoot(s.bootFolder())
	if err != nil {
		return nil, errNoFile
	}
	defer func() { _ = root.Close() }() // files stay open without it
	for {
		t, err := openRegular(root, name)
		if err == nil {
			return t, nil
		}
		_, rest, ok := strings.Cut(name, "/")
		if !ok {
			return nil, errNoFile
		}
		name = rest
	}
}

// openExactly opens a file of boot/ under just this name.
func (s *Server) openExactly(name string) (*Transfer, error) {
	if name == "" || len(name) > maxName || strings.ContainsAny(name, "\x00\\") {
		return nil, errNoFile
	}
	root, err := os.OpenRoot(s.bootFolder())
	if err != nil {
		return nil, errNoFile
	}
	defer func() { _ = root.Close() }() // files stay open without it
	return openRegular(root, name)
}

func openRegular(root *os.Root, name string) (*Transfer, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrInvalid
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Transfer{Content: f, Size: info.Size(), Done: func(int64, error) {}}, nil
}
