// Package loader knows what a board's boot loader must be told so that it asks its rack's server first and boots its
// card otherwise: the text that an operator puts on the card, into the flash or beside the server, once a board.
//
// It decides what that text is for each built-in hardware type: the order (network, then card), the time limits, and the
// names that only this loader needs. It refuses types whose loader it does not know, and addresses that no loader can
// ask. It is pure text: it reads no file, asks no board, and knows nothing of what the server answers; what loaders ask
// for, and how long silence costs them, was measured on real ones. "mozpool loader script" calls it.
package loader

import (
	"embed"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"text/template"

	"mozpool/actors/inventory"
	"mozpool/netboot/images"
	"mozpool/persistence/strictyaml"
)

// Site is what the text depends on beside the hardware type.
type Site struct {
	Server netip.Addr    // IPv4: where boards reach the server, its rack's service address if there is one
	Files  string        // the server's folder "files", for types whose loader is served from there; empty: FILES
	TFTP   uint16        // the server's TFTP port; 0: 69
	MAC    inventory.MAC // for types that must be told it; empty: an example
	Loader images.Loader // images.IPXE: the text for iPXE, whatever the type; else that of the type's own loader
}

// exampleMAC is the one of the documentation's first board.
const exampleMAC = "52:54:00:01:00:01"

// tftpPort is the only port that a loader asks by itself.
const tftpPort = 69

//go:embed scripts
var scripts embed.FS

// files are the templates by hardware type.
var files = map[string]string{"panda": "panda.cmd", "qemu-arm64": "qemu-arm64.env", "qemu-amd64": "qemu-amd64.txt"}

var templates = template.Must(template.New("").Option("missingkey=error").ParseFS(scripts, "scripts/*"))

// Known returns the hardware types whose loader is known, sorted.
func Known() []string { return slices.Sorted(maps.Keys(files)) }

// ipxe is the template of all boards that boot by iPXE.
const ipxe = "ipxe.txt"

// Files are the names below boot/ that the loader of a hardware type fetches before it asks for an entry, if the type pins
// this family; none: it brings itself along, or is not known.
func Files(hardware string, pinned images.Loader) []string {
	if hardware == "qemu-amd64" && pinned != images.IPXE {
		return []string{"lpxelinux.0", "ldlinux.c32"}
	}
	return nil
}

// UnknownError says that the loader of a hardware type is not known.
type UnknownError struct {
	Hardware string
	Near     string // what was probably meant; may be empty
}

func (e *UnknownError) Error() string {
	text := fmt.Sprintf("it is not known how boards of type %q boot; known are %s", e.Hardware, strings.Join(Known(), ", "))
	if e.Near != "" {
		return text + "; did you mean " + e.Near + "?"
	}
	return text + "; take the text of one whose loader is alike (U-Boot: panda or qemu-arm64; a PC: qemu-amd64), or --loader ipxe"
}

// Script gives the text for boards of a hardware type: U-Boot's own commands with comments, or, for PCs, the steps to
// take on the server; for iPXE the steps alone. Errors are *UnknownError, or say what is wrong with the site.
func Script(hardware string, s Site) (string, error) {
	name, ok := files[hardware]
	if s.Loader == images.IPXE {
		name, ok = ipxe, true
	}
	if !ok {
		return "", &UnknownError{hardware, strictyaml.Nearest(hardware, Known())}
	}
	if err := checkServer(s.Server); err != nil {
		return "", err
	}
	if s.MAC == "" {
		s.MAC = exampleMAC
	}
	if s.Files == "" {
		s.Files = "FILES"
	}
	if s.TFTP == tftpPort {
		s.TFTP = 0
	}
	var out strings.Builder
	if err := templates.ExecuteTemplate(&out, name, struct {
		Site
		Hardware string
	}{s, hardware}); err != nil {
		return "", fmt.Errorf("loader script of %s: %w", hardware, err)
	}
	return out.String(), nil
}

// checkServer refuses what a loader cannot ask: it has no resolver, and PXE is IPv4.
func checkServer(a netip.Addr) error {
	switch {
	case !a.IsValid():
		return &strictyaml.RemedyError{What: "the server's address is missing", Remedy: "give --server, the server's IPv4 address in the boards' VLAN"}
	case !a.Is4():
		return &strictyaml.RemedyError{What: fmt.Sprintf("loaders cannot ask %s: they know IPv4 only", a), Remedy: "give the server's IPv4 address in the boards' VLAN"}
	case a.IsUnspecified() || a.IsMulticast():
		return &strictyaml.RemedyError{What: fmt.Sprintf("boards cannot ask %s", a), Remedy: "give the server's own address in the boards' VLAN"}
	}
	return nil
}
