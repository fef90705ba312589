package images

import "strings"

// Loader is a family of boot loaders: a language that boot entries are written in, and names that they are asked by.
type Loader string

// The families. A board is taken for the one whose names it asks for, unless its hardware type pins another.
const (
	AnyLoader Loader = ""         // whichever asks
	PXELINUX  Loader = "pxelinux" // U-Boot's too: pxelinux.cfg/01-MAC
	IPXE      Loader = "ipxe"     // ipxe/MAC, by way of boot.ipxe
)

// ChainScript is boot.ipxe where the site has none: all that iPXE is told by DHCP. It leads to the board's own script,
// beside itself and by the protocol that it came by, and without an answer to the firmware's next boot device. netX is
// the card that iPXE has got its address by.
const ChainScript = "#!ipxe\nchain --replace --autofree ipxe/${netX/mac:hexhyp} ||\nexit\n"

// CardScript is the script of boards that have nothing to do. An exit gives the machine back to its firmware, which goes
// on to its next boot device, with BIOS and UEFI alike; sanboot would need to know which disk, and is not for UEFI.
const CardScript = "#!ipxe\nexit\n"

// builtinScript is the iPXE script of hardware types that have none of their own. By HTTP, which every iPXE knows, files
// come many times as fast. initrd= is what Linux finds its initrd by under UEFI; with BIOS nothing reads it. A device
// tree is the firmware's business, except where an iPXE that has the command is to replace it.
const builtinScript = `#!ipxe
{{- if .Fdt}}
fdt {{.URL}}/fdt ||
{{- end}}
kernel {{.URL}}/kernel initrd=initrd {{.Append}}
initrd {{.URL}}/initrd
boot
`

// scriptMagic is how iPXE knows a script.
const scriptMagic = "#!ipxe\n"

// UnmarshalText accepts the families that a hardware type may pin.
func (l *Loader) UnmarshalText(text []byte) error { return choose(l, text, PXELINUX, IPXE) }

// Boots says whether boards of the order's hardware type take entries of this family.
func (o Order) Boots(l Loader) bool { return o.Hardware.Loader == AnyLoader || o.Hardware.Loader == l }

// template is the text of the entry for a family. A type's own entry is in the language that the type pins, PXELINUX'
// where it pins none; a loader of another family gets the built-in one then.
func (o Order) template(l Loader) string {
	own := PXELINUX
	if o.Hardware.Loader != AnyLoader {
		own = o.Hardware.Loader
	}
	switch {
	case o.Hardware.Entry != "" && l == own:
		return o.Hardware.Entry
	case l == IPXE:
		return builtinScript
	}
	return builtinEntry
}

// isScript says whether iPXE would take the text for a script.
func isScript(text string) bool { return strings.HasPrefix(text, scriptMagic) }
