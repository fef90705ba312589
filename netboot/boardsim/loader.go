package boardsim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
)

// boot is one run from the loader on. It returns when the board resets, hangs, or has no power any more.
func (b *Board) boot(ctx context.Context) error {
	if !b.card.loaderAlive() {
		b.event(Dead, "the loader on the card is overwritten")
		return errHang
	}
	b.sleep(ctx, b.cfg.Times.Loader)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := b.broken(AtLoader); err != nil {
		return err
	}
	entry, found := b.askEntry(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if found && entry.kernel != "" {
		err := b.loadLive(ctx, entry)
		if !errors.Is(err, errBreaksOff) {
			return err
		}
	}
	b.event(FellThrough, "")
	return b.bootCard(ctx)
}

// entry is what a PXELINUX configuration asks for.
type entry struct {
	kernel, initrd, fdt, append string
}

// names are what the loader asks for, in U-Boot's order.
func (b *Board) names() []string {
	all := []string{"pxelinux.cfg/01-" + strings.ReplaceAll(b.cfg.MAC.String(), ":", "-")}
	hex := fmt.Sprintf("%X", b.cfg.Address.AsSlice())
	for n := len(hex); n > 0; n-- {
		all = append(all, "pxelinux.cfg/"+hex[:n])
	}
	return append(all, "pxelinux.cfg/default-arm", "pxelinux.cfg/default")
}

// askEntry asks for each name until one is there, or for a script.
func (b *Board) askEntry(ctx context.Context) (entry, bool) {
	if b.cfg.IPXE {
		return b.askScript(ctx)
	}
	for i, name := range b.names() {
		if i == 0 {
			b.event(Asked, name)
		}
		var text strings.Builder
		err := b.tftpRead(ctx, name, &text)
		if err == nil {
			return parseEntry(text.String()), true
		}
		if ctx.Err() != nil {
			return entry{}, false
		}
	}
	return entry{}, false
}

// parseEntry reads the label that DEFAULT names, or the first one.
func parseEntry(text string) entry {
	labels := map[string]*entry{}
	var first, def string
	var e *entry
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimSpace(rest)
		switch strings.ToUpper(word) {
		case "DEFAULT":
			def = rest
		case "LABEL":
			e = &entry{}
			labels[rest] = e
			if first == "" {
				first = rest
			}
			continue
		}
		if e != nil {
			e.set(strings.ToUpper(word), rest)
		}
	}
	if chosen := labels[def]; chosen != nil {
		return *chosen
	}
	if chosen := labels[first]; chosen != nil {
		return *chosen
	}
	return entry{}
}

func (e *entry) set(word, rest string) {
	switch word {
	case "KERNEL", "LINUX":
		e.kernel = rest
	case "INITRD":
		e.initrd = rest
	case "FDT":
		e.fdt = rest
	case "APPEND":
		e.append = rest
	}
}

// loadLive reads what the entry names, as the loader does, and boots it. Where a file cannot be read, the
// loader goes on to the card.
func (b *Board) loadLive(ctx context.Context, e entry) error {
	if err := b.broken(AtKernel); err != nil {
		return err
	}
	for _, name := range b.files(e) {
		if name == "" {
			continue
		}
		if err := b.readFile(ctx, name); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return errBreaksOff
		}
	}
	b.event(KernelRead, "")
	b.sleep(ctx, b.cfg.Times.Kernel)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	url := argument(e.append, "mobile-imaging-url")
	if url == "" {
		b.event(Fault, "the command line has no mobile-imaging-url")
		return errHang
	}
	return b.runLive(ctx, url)
}

// argument finds key=value on a kernel command line; the last one wins, as with the kernel's own.
func argument(line, key string) string {
	last := ""
	for word := range strings.FieldsSeq(line) {
		if v, ok := strings.CutPrefix(word, key+"="); ok {
			last = v
		}
	}
	return last
}

// bootCard runs what is on the card.
func (b *Board) bootCard(ctx context.Context) error {
	img, err := b.card.image(b.cfg.OldSurvives)
	if err != nil {
		b.event(NoImage, err.Error())
		return errHang
	}
	broken := b.broken(AtImage)
	b.sleep(ctx, b.cfg.Times.Image)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if broken != nil {
		return broken
	}
	b.event(ImageUp, img.Name)
	stop := b.serve(img)
	defer stop()
	if img.Callback {
		b.callUp(ctx, img.Name)
	}
	<-ctx.Done()
	return ctx.Err()
}

// udpFrom opens a UDP socket at the board's own address.
func (b *Board) udpFrom() (*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: b.cfg.Address.AsSlice()})
	if err != nil {
		return nil, fmt.Errorf("board %s: %w", b.cfg.Name, err)
	}
	return conn, nil
}
