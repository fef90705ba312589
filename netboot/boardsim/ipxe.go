package boardsim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// scriptMagic is how iPXE knows a script.
const scriptMagic = "#!ipxe"

// askScript asks as iPXE does: for what DHCP names to it, and then for what that chains to.
func (b *Board) askScript(ctx context.Context) (entry, bool) {
	b.event(Asked, "boot.ipxe")
	var chain, script strings.Builder
	if err := b.tftpRead(ctx, "boot.ipxe", &chain); err != nil {
		return entry{}, false
	}
	name, ok := chained(chain.String(), b.cfg.MAC.String())
	if !ok {
		return entry{}, false
	}
	if err := b.tftpRead(ctx, name, &script); err != nil {
		return entry{}, false
	}
	return parseScript(script.String()), true
}

// chained is the name that a script leads on to, with the board's own MAC in it.
func chained(text, mac string) (string, bool) {
	if !strings.HasPrefix(text, scriptMagic) {
		return "", false
	}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] != "chain" {
			continue
		}
		for _, word := range words[1:] {
			if !strings.HasPrefix(word, "-") {
				return strings.ReplaceAll(word, "${netX/mac:hexhyp}", strings.ReplaceAll(mac, ":", "-")), true
			}
		}
	}
	return "", false
}

// parseScript reads what a script would load. One that boots nothing, or is none, leads to the card.
func parseScript(text string) entry {
	var e entry
	if !strings.HasPrefix(text, scriptMagic) {
		return e
	}
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "exit":
			return entry{}
		case "kernel":
			e.kernel, e.append, _ = strings.Cut(rest, " ")
		case "initrd":
			e.initrd = rest
		case "boot":
			return e
		}
	}
	return entry{} // it ended without booting
}

// files are what the loader reads to boot, in its order: U-Boot's, or iPXE's.
func (b *Board) files(e entry) []string {
	if b.cfg.IPXE {
		return []string{e.kernel, e.initrd}
	}
	return []string{e.initrd, e.fdt, e.kernel}
}

// readFile reads a file of a boot by TFTP, or by HTTP where its name is a URL.
func (b *Board) readFile(ctx context.Context, name string) error {
	if !strings.HasPrefix(name, "http://") {
		return b.tftpRead(ctx, name, io.Discard)
	}
	ctx, cancel := context.WithTimeout(ctx, b.cfg.patience(stallWithin))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, name, nil)
	if err != nil {
		return err
	}
	res, err := b.client.Do(req)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	_, err = io.Copy(io.Discard, res.Body)
	if err = errors.Join(err, res.Body.Close()); err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("read %s: %s", name, res.Status)
	}
	return err
}
