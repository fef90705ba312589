package images

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"text/template"

	"mozpool/persistence/strictyaml"
)

// maxAppend is the longest APPEND line that all loaders are known to take.
const maxAppend = 250

// DefaultEntry is pxelinux.cfg/default where the site has none: boards that are
// not scheduled boot from their card. LOCALBOOT 0 is the next boot device of a
// PC's firmware under PXELINUX, and runs localcmd under U-Boot.
const DefaultEntry = "DEFAULT card\nPROMPT 0\nTIMEOUT 1\nLABEL card\nLOCALBOOT 0\n"

// builtinEntry is the entry of hardware types that have none of their own. Its
// paths are relative: a loader puts the folder of its DHCP boot file before
// them, and the server accepts any.
const builtinEntry = `DEFAULT mozpool
PROMPT 0
TIMEOUT 1
LABEL mozpool
KERNEL {{.Kernel}}
INITRD {{.Initrd}}
{{- if .Fdt}}
FDT {{.Fdt}}
{{- end}}
APPEND {{.Append}}
`

// Boot is what is known of one network boot beyond its order.
type Boot struct {
	Server  string // address that the board reaches this server by
	Port    int    // of the rack's HTTP listener
	Token   string // of this boot
	Board   string
	MAC     string // lower case with colons
	Rack    string
	Attempt uint64
	Boot    uint64 // number of the boot within its board's life
}

// Vars are the fields that templates of boot entries and scripts may use; all
// are there always, those that do not apply are empty.
type Vars struct {
	Server   string // address
	URL      string // http://host:port/b/TOKEN
	Kernel   string // TFTP name, relative
	Initrd   string // TFTP name, relative
	Fdt      string // TFTP name, relative; empty: none
	Squashfs string // URL; empty: none
	Append   string // whole: the type's, then fetch= and mobile-imaging-url=
	Board    string
	MAC      string
	Rack     string
	Hardware string
	Image    string
	Attempt  uint64
	Boot     uint64
	Disk     string
	Config   map[string]string
}

// VarsOf gives the fields for one boot of an order.
func VarsOf(o Order, b Boot) Vars {
	prefix := "b/" + b.Token + "/"
	v := Vars{Server: b.Server, URL: "http://" + net.JoinHostPort(b.Server, strconv.Itoa(b.Port)) + "/b/" + b.Token,
		Kernel: prefix + "kernel", Initrd: prefix + "initrd",
		Board: b.Board, MAC: b.MAC, Rack: b.Rack, Hardware: o.Hardware.Name, Image: o.Image,
		Attempt: b.Attempt, Boot: b.Boot, Disk: o.Hardware.Disk, Config: o.Config}
	if v.Config == nil {
		v.Config = map[string]string{}
	}
	var args []string
	if o.Hardware.Append != "" {
		args = append(args, strings.ReplaceAll(o.Hardware.Append, "%IPADDRESS%", b.Server))
	}
	if o.Hardware.FDT != nil {
		v.Fdt = prefix + "fdt"
	}
	if o.Hardware.Squashfs != nil {
		v.Squashfs = v.URL + "/squashfs"
		args = append(args, "fetch="+v.Squashfs)
	}
	v.Append = strings.Join(append(args, secondStage(v)), " ")
	return v
}

// secondStage is the kernel argument without which a live environment does
// nothing.
func secondStage(v Vars) string { return "mobile-imaging-url=" + v.URL + "/second-stage.sh" }

// RenderEntry gives the PXELINUX configuration or the iPXE script for one boot,
// with a line break at its end. It fails only for a template that checkEntry
// would have refused.
func RenderEntry(l Loader, o Order, v Vars) ([]byte, error) {
	out, err := Expand("entry", o.template(l), v)
	if err != nil {
		return nil, fmt.Errorf("boot entry of %s: %w", v.Board, err)
	}
	return []byte(strings.TrimRight(out, "\n") + "\n"), nil
}

// Expand executes the template of a boot entry or script; name is for messages.
// %IPADDRESS%, as in the original's entries, is the server's address.
func Expand(name, text string, v Vars) (string, error) {
	t, err := template.New(name).Option("missingkey=error").Parse(text)
	if err != nil {
		return "", fmt.Errorf("parse template: %w", err)
	}
	var b strings.Builder
	if err := t.Execute(&b, v); err != nil {
		return "", fmt.Errorf("execute template: %w", err)
	}
	return strings.ReplaceAll(b.String(), "%IPADDRESS%", v.Server), nil
}

// EntryWarnings says what loaders may not like about an entry.
func EntryWarnings(entry []byte) []string {
	var out []string
	for line := range strings.Lines(string(entry)) {
		args, ok := strings.CutPrefix(strings.TrimSpace(line), "APPEND ")
		if ok && len(args) > maxAppend {
			out = append(out, fmt.Sprintf("APPEND has %d characters; some loaders cut it at %d", len(args), maxAppend))
		}
	}
	return out
}

// checkEntry tries a hardware type's own template, for the family that the type
// pins, on a board that does not exist.
func checkEntry(l Loader, text string) error {
	v := exampleVars()
	out, err := Expand("entry", text, v)
	if err != nil {
		return &strictyaml.RemedyError{What: err.Error(), Remedy: "use the fields of boot entries: .Kernel .Initrd .Fdt .Append and others"}
	}
	if isScript(out) != (l == IPXE) {
		return entryForOther(l)
	}
	if !strings.Contains(out, secondStage(v)) {
		return errors.New("the entry does not tell the live environment where its second stage is; use APPEND {{.Append}}, or end the kernel command of iPXE with it")
	}
	return nil
}

// entryForOther says that a template is in another language than the type's.
func entryForOther(l Loader) error {
	if l == IPXE {
		return &strictyaml.RemedyError{What: "the entry is no iPXE script", Remedy: "begin it with a line #!ipxe, or set loader: pxelinux"}
	}
	return &strictyaml.RemedyError{What: "the entry is an iPXE script, which PXELINUX and U-Boot do not understand", Remedy: "set loader: ipxe for this type"}
}

func exampleVars() Vars {
	o := Order{Image: "image", Hardware: Machine{Name: "type", Disk: "/dev/vda", FDT: &File{}, Squashfs: &File{}}}
	return VarsOf(o, Boot{Server: "192.0.2.1", Port: 8000, Token: strings.Repeat("a", 26), Board: "board1",
		MAC: "52:54:00:01:00:01", Rack: "r1", Attempt: 1, Boot: 1})
}
