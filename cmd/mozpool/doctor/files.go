package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mozpool/actors/inventory"
	"mozpool/netboot/images"
	"mozpool/netboot/loader"
)

// files looks for what loaders will ask for: their own second parts, and the live environments of the boards there are.
func files(_ context.Context, s *Site) []Finding {
	const check = "files"
	var out []Finding
	for _, h := range s.Hardware {
		if !slices.ContainsFunc(s.Boards, func(b inventory.Spec) bool { return b.Hardware == h.Name }) {
			continue
		}
		if missing := absent(s.Config.Files, append(liveFiles(h), loaderFiles(h.Name, h.Loader)...)); len(missing) > 0 {
			out = append(out, red(check, h.Name, "missing or empty below "+s.Config.Files+": "+strings.Join(missing, ", "), fileRemedy(h, missing)))
			continue
		}
		out = append(out, green(check, h.Name, "loader and live environment are complete"))
	}
	if pair := absent(s.Config.Files, pxelinux); len(pair) == 1 {
		out = append(out, red(check, "", "PXELINUX is of no use without "+pair[0], "copy both from the same version of syslinux: mozpool loader script --hardware qemu-amd64"))
	}
	if f, found := chain(s.Config.Files); found {
		out = append(out, f)
	}
	return out
}

// chain looks at a site's own boot.ipxe: iPXE takes what does not begin so for something else, and a script that never
// asks for ipxe/MAC boots no board.
func chain(below string) (Finding, bool) {
	data, err := os.ReadFile(filepath.Join(below, "boot", "boot.ipxe"))
	switch text := string(data); {
	case err != nil: // the server's own is there
		return Finding{}, false
	case !strings.HasPrefix(text, "#!ipxe"):
		return red("files", "boot.ipxe", "does not begin with #!ipxe, so that iPXE does not run it", "mend it, or remove it: the server has its own"), true
	case !strings.Contains(text, "ipxe/${"):
		return amber("files", "boot.ipxe", "never asks for a board's own script", "chain to ipxe/${netX/mac:hexhyp} in it, or remove it: the server has its own"), true
	}
	return green("files", "boot.ipxe", "the site's own asks for each board's script"), true
}

// pxelinux are files that need each other.
var pxelinux = loaderFiles("qemu-amd64", images.PXELINUX)

// loaderFiles are those that the loader of a type fetches from boot/, below files.
func loaderFiles(hardware string, pinned images.Loader) []string {
	var out []string
	for _, name := range loader.Files(hardware, pinned) {
		out = append(out, "boot/"+name)
	}
	return out
}

func liveFiles(h Hardware) []string {
	out := []string{h.Live + "/vmlinuz", h.Live + "/initrd"}
	if h.FDT != "" {
		out = append(out, h.Live+"/"+h.FDT)
	}
	return out
}

// absent are the names that are no file with content.
func absent(below string, names []string) []string {
	var out []string
	for _, name := range names {
		info, err := os.Stat(filepath.Join(below, filepath.FromSlash(name)))
		if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
			out = append(out, name)
		}
	}
	return out
}

func fileRemedy(h Hardware, missing []string) string {
	if strings.HasPrefix(missing[0], "boot/") {
		return "mozpool loader script --hardware " + h.Name + " says where they come from"
	}
	return fmt.Sprintf("mozpool live build … -o %s", h.Live)
}
