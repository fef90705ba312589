package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// list shows a list of things: how each is named, and its cells.
func list[T any](c *Context, all []T, err error, head []string, name func(T) string, row func(T) []cell) error {
	if err != nil {
		return coded(err)
	}
	names := make([]string, len(all))
	t := &table{head: head}
	for i, v := range all {
		names[i] = name(v)
		t.add(row(v)...)
	}
	return coded(c.show(all, names, func() *table { return t }))
}

// Image is the part of "mozpool image" that asks the server. Plugins are the main package's verbs, which work on files.
type Image struct {
	Format
	kong.Plugins
	List ImageList `cmd:"" help:"List images."`
}

// ImageList is "mozpool image list".
type ImageList struct{}

// Run lists the images.
func (*ImageList) Run(c *Context) error {
	all, err := c.Client.Images(c.Context)
	return list(c, all, err, []string{"NAME", "INSTALL", "HARDWARE", "CONFIG", "VERIFY", "REVISION"},
		func(i v1.Image) string { return i.Name },
		func(i v1.Image) []cell {
			return []cell{plain(i.Name), plain(i.Install), plain(cmp.Or(strings.Join(i.Hardware, ","), "all")),
				plain(strings.Join(i.ConfigKeys, ",")), plain(i.Verify.Kind), plain(i.Revision)}
		})
}

// Hardware is "mozpool hardware".
type Hardware struct {
	Format
	List HardwareList `cmd:"" help:"List hardware types."`
}

// HardwareList is "mozpool hardware list".
type HardwareList struct{}

// Run lists the hardware types.
func (*HardwareList) Run(c *Context) error {
	all, err := c.Client.Hardware(c.Context)
	return list(c, all, err, []string{"NAME", "LIVE", "DISK", "KEEP", "SOURCE"},
		func(h v1.Hardware) string { return h.Name },
		func(h v1.Hardware) []cell {
			return []cell{plain(h.Name), plain(h.Live), plain(h.Disk), plain(strings.Join(h.Keep, ",")), plain(h.Source)}
		})
}

// Relay is the part of "mozpool relay" that asks the server.
type Relay struct {
	Format
	List   RelayList   `cmd:"" help:"List relay boards."`
	On     RelayOn     `cmd:"" help:"Give the board behind a relay power."`
	Off    RelayOff    `cmd:"" help:"Take the power of the board behind a relay."`
	Cycle  RelayCycle  `cmd:"" help:"Take the power of the board behind a relay for a second."`
	Status RelayStatus `cmd:"" help:"Print whether the board behind a relay has power: on or off."`
}

// RelayList is "mozpool relay list".
type RelayList struct{}

// Run lists the relay boards.
func (*RelayList) Run(c *Context) error {
	all, err := c.Client.Relays(c.Context)
	return list(c, all, err, []string{"NAME", "STATE", "BOARDS", "QUEUE", "GOOD", "ERROR"},
		func(r v1.Relay) string { return r.Name },
		func(r v1.Relay) []cell {
			good := ""
			if r.LastGood != nil {
				good = c.when(*r.LastGood)
			}
			state := plain(r.State)
			if r.State == "unreachable" {
				state.color = red
			}
			return []cell{plain(r.Name), state, plain(fmt.Sprint(len(r.Boards))), plain(fmt.Sprint(r.Queue)), plain(good), plain(r.Error)}
		})
}

// Rack is the part of "mozpool rack" that asks the server.
type Rack struct {
	Format
	List RackList `cmd:"" help:"List racks."`
}

// RackList is "mozpool rack list".
type RackList struct{}

// Run lists the racks.
func (*RackList) Run(c *Context) error {
	all, err := c.Client.Racks(c.Context)
	return list(c, all, err, []string{"NAME", "LISTEN", "SERVERS", "BOARDS", "STATES"},
		func(r v1.Rack) string { return r.Name },
		func(r v1.Rack) []cell {
			return []cell{plain(r.Name), plain(r.Listen), plain(strings.Join(r.Servers, ",")), plain(fmt.Sprint(r.Boards)), plain(counts(r.States))}
		})
}

// counts says how many boards are in which state: 3 ready, 1 booting.
func counts(states map[board.State]int) string {
	names := slices.SortedFunc(maps.Keys(states), func(a, b board.State) int {
		return cmp.Or(cmp.Compare(states[b], states[a]), cmp.Compare(a, b))
	})
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = fmt.Sprintf("%d %s", states[n], n)
	}
	return strings.Join(parts, ", ")
}

// BoardDiscovered is "mozpool board discovered".
type BoardDiscovered struct{}

const noneDiscovered = "nobody unknown has asked for a boot entry yet: switch the boards on; if none appears, its loader does not reach TFTP here " +
	"(DHCP's next server, the VLAN, port 69; see: mozpool loader script)"

// Run lists the strangers.
func (*BoardDiscovered) Run(c *Context) error {
	all, err := c.Client.Discovered(c.Context)
	if err == nil && len(all) == 0 && c.Output == "table" {
		_, _ = fmt.Fprintln(c.Err, noneDiscovered) // the empty list says the same
	}
	return list(c, all, err, []string{"MAC", "ADDRESS", "RACK", "TIMES", "FIRST", "LAST"},
		func(d v1.Stranger) string { return d.MAC },
		func(d v1.Stranger) []cell {
			return []cell{plain(d.MAC), plain(d.Address.String()), plain(d.Rack), plain(fmt.Sprint(d.Times)), plain(c.when(d.First)), plain(c.when(d.Last))}
		})
}

// Reload is "mozpool reload".
type Reload struct{}

// Run has the server read its files again.
func (*Reload) Run(c *Context) error {
	if err := c.Client.Reload(c.Context); err != nil {
		return coded(err)
	}
	_, err := fmt.Fprintln(c.Out, "reloaded")
	return coded(err)
}
