package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	v1 "mozpool/httpapi/v1"
)

// Hardware is "mozpool hardware".
type Hardware struct {
	Format
	List   HardwareList   `cmd:"" help:"List hardware types."`
	Show   HardwareShow   `cmd:"" help:"Show hardware types."`
	Push   HardwarePush   `cmd:"" help:"Make a hardware type, or a new revision of one that was pushed or is built in."`
	Remove HardwareRemove `cmd:"" help:"Remove hardware types that came by push and that no board and no image names."`
}

// HardwareList is "mozpool hardware list".
type HardwareList struct{ Watched }

// Run lists the hardware types.
func (l *HardwareList) Run(c *Context) error {
	return listing[v1.Hardware]{of: c.Client.Hardware,
		head: []string{"NAME", "LIVE", "LOADER", "DISK", "KEEP", "SOURCE"}, more: []string{"FDT", "SELF-TEST", "MAINTENANCE", "LIMITS", "APPEND", "REVISION"},
		name: func(h v1.Hardware) string { return h.Name },
		row: func(h v1.Hardware) []cell {
			return []cell{plain(h.Name), plain(h.Live), plain(cmp.Or(h.Loader, "any")), plain(h.Disk), plain(strings.Join(h.Keep, ",")), plain(h.Source), plain(h.FDT), plain(h.SelfTest), plain(h.Maintenance), plain(labelText(h.Limits)), plain(h.Append), plain(h.Revision)}
		}}.run(c, l.Watched)
}

// HardwareShow is "mozpool hardware show".
type HardwareShow struct {
	Name []string `arg:"" help:"Hardware types."`
}

// Run shows the hardware types.
func (s *HardwareShow) Run(c *Context) error {
	return c.each(s.Name, func(name string) error {
		h, err := c.Client.HardwareType(c.Context, name)
		if err != nil {
			return err
		}
		return c.show(h, []string{h.Name}, func() *table { return hardwareTable(h) })
	})
}

func hardwareTable(h v1.Hardware) *table {
	t, line := details("hardware", h.Name)
	line("revision", h.Revision)
	line("source", h.Source)
	line("live", h.Live)
	line("loader", cmp.Or(h.Loader, "any"))
	line("fdt", h.FDT)
	line("append", h.Append)
	line("disk", h.Disk)
	line("never written", strings.Join(h.Keep, ", "))
	line("limits", labelText(h.Limits))
	line("boot entry", h.Entry)
	line("self-test", h.SelfTest)
	line("maintenance", h.Maintenance)
	return t
}

// HardwarePush is "mozpool hardware push": a hardware type, from any machine. Its live environment is in the server's folder
// of files already.
type HardwarePush struct {
	Name   string   `arg:"" help:"Name of the hardware type."`
	Live   string   `placeholder:"FOLDER" help:"Its live environment, below the server's files: live/NAME."`
	Disk   string   `placeholder:"DEVICE" help:"Device that images are written to, such as /dev/mmcblk0."`
	Append string   `placeholder:"ARGUMENTS" help:"Kernel arguments."`
	FDT    string   `placeholder:"FILE" help:"Device tree in the folder of the live environment."`
	Keep   []string `placeholder:"AREA" help:"Areas that hold the boot loader and are never written: p1, 0-4MiB."`
	Loader string   `enum:",pxelinux,ipxe" default:"" placeholder:"FAMILY" help:"pxelinux or ipxe, if its boards may boot by that only."`
	Entry  string   `short:"f" placeholder:"FILE" help:"Instead of all these, an entry as under hardware in images.yaml, or what hardware show -o yaml printed: then it is refused if the type is at another revision by now."`
	Conditions
}

// Run puts the hardware type.
func (p *HardwarePush) Run(c *Context) error {
	entry, cond, err := p.entry()
	if err != nil {
		return &Error{Exit: ExitUsage, Err: err}
	}
	h, err := c.Client.PutHardware(c.Context, p.Name, entry, cond.condition())
	if err != nil {
		return coded(err)
	}
	return coded(c.show(h, []string{h.Name}, func() *table { return hardwareTable(h) }))
}

// entry is what is to be put, and on which condition.
func (p *HardwarePush) entry() (e v1.HardwareEntry, cond Conditions, err error) {
	given := v1.HardwareEntry{Live: p.Live, Disk: p.Disk, Append: p.Append, FDT: p.FDT, Keep: p.Keep, Loader: p.Loader}
	switch some := !reflect.ValueOf(given).IsZero(); {
	case p.Entry == "" && (p.Live == "" || p.Disk == ""):
		return e, cond, errors.New("say which live environment and disk: --live FOLDER --disk DEVICE, or -f ENTRY.yaml")
	case p.Entry != "" && some:
		return e, cond, errors.New("-f says what the other flags say; use one of them")
	case p.Entry == "":
		return given, p.Conditions, nil
	}
	data, err := os.ReadFile(p.Entry)
	if err != nil {
		return e, cond, err
	}
	var shown struct {
		v1.HardwareEntry
		Name     string `json:"name"`
		Revision string `json:"revision"` // as the server showed it
		Source   string `json:"source"`
	}
	if err := parseEntry(data, &shown); err != nil {
		return e, cond, fmt.Errorf("%s: %w", p.Entry, err)
	}
	if shown.Name != "" && shown.Name != p.Name {
		return e, cond, fmt.Errorf("%s describes %s, and is pushed as %s: change its name, or take it out together with the revision", p.Entry, shown.Name, p.Name)
	}
	cond = p.Conditions
	if cond == (Conditions{}) {
		cond.Revision = shown.Revision
	}
	return shown.HardwareEntry, cond, nil
}

// HardwareRemove is "mozpool hardware remove".
type HardwareRemove struct {
	Name []string `arg:"" help:"Hardware types."`
}

// Run removes the hardware types, and goes on after one that cannot be.
func (r *HardwareRemove) Run(c *Context) error {
	return c.remove(r.Name, c.Client.RemoveHardware)
}
