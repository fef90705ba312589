package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// Image is the part of "mozpool image" that asks the server. Plugins are the main package's verbs, which work on files.
type Image struct {
	Format
	kong.Plugins
	List   ImageList   `cmd:"" help:"List images."`
	Show   ImageShow   `cmd:"" help:"Show images, and where each was last put on a board without fault."`
	Push   ImagePush   `cmd:"" help:"Upload files, and make an image of them."`
	Remove ImageRemove `cmd:"" help:"Remove images that came by push and that no attempt uses."`
	Clear  ImageClear  `cmd:"" help:"End the suspicion against an image; boards that wait for it go on."`
	Verify ImageVerify `cmd:"" help:"Have the server hash the artifacts of images again."`
}

// ImageList is "mozpool image list".
type ImageList struct{ Watched }

// Run lists the images.
func (l *ImageList) Run(c *Context) error {
	return listing[v1.Image]{of: c.Client.Images,
		head: []string{"NAME", "INSTALL", "HARDWARE", "CONFIG", "VERIFY", "REVISION", "SUSPECT IN"}, more: []string{"READBACK", "LIMITS", "SOURCE"},
		name: func(i v1.Image) string { return i.Name },
		row: func(i v1.Image) []cell {
			return []cell{plain(i.Name), plain(i.Install), plain(cmp.Or(strings.Join(i.Hardware, ","), "all")),
				plain(strings.Join(i.ConfigKeys, ",")), plain(i.Verify.Kind), plain(i.Revision), {suspectIn(i), red}, plain(i.Readback), plain(labelText(i.Limits)), plain(i.Source)}
		}}.run(c, l.Watched)
}

// suspectIn are the racks in which an image is suspect.
func suspectIn(i v1.Image) string {
	var racks []string
	for _, s := range i.Suspect {
		racks = append(racks, s.Rack)
	}
	return strings.Join(slices.Compact(racks), ",")
}

// Rack is the part of "mozpool rack" that asks the server.
type Rack struct {
	Format
	List        RackList        `cmd:"" help:"List racks."`
	CheckWiring RackCheckWiring `cmd:"" help:"Cycle the relays of a rack's boards, which are at rest, one by one, and tell which board each switches."`
	Learn       RackLearn       `cmd:"" help:"Power relays one by one, see which boards ask for a boot entry, and print the entries for boards.yaml."`
}

// RackList is "mozpool rack list".
type RackList struct{ Watched }

// Run lists the racks.
func (l *RackList) Run(c *Context) error {
	return listing[v1.Rack]{of: c.Client.Racks,
		head: []string{"NAME", "LISTEN", "SERVERS", "BOARDS", "BOOTING", "QUEUED", "STATES"},
		name: func(r v1.Rack) string { return r.Name },
		row: func(r v1.Rack) []cell {
			return []cell{plain(r.Name), plain(r.Listen), plain(strings.Join(r.Servers, ",")), plain(fmt.Sprint(r.Boards)), plain(booting(r)), plain(fmt.Sprint(r.Queued)), plain(counts(r.States))}
		}}.run(c, l.Watched)
}

// booting is how many boards boot, of as many as may; the network may bear fewer than the configuration allows.
func booting(r v1.Rack) string {
	if r.BootsNow < r.BootsAtOnce {
		return fmt.Sprintf("%d of %d, narrowed from %d", r.Booting, r.BootsNow, r.BootsAtOnce)
	}
	return fmt.Sprintf("%d of %d", r.Booting, r.BootsNow)
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
type BoardDiscovered struct{ Watched }

const noneDiscovered = "nobody unknown has asked for a boot entry yet: switch the boards on; if none appears, its loader does not reach TFTP here " +
	"(DHCP's next server, the VLAN, port 69; see: mozpool loader script)"

// Run lists the strangers.
func (l *BoardDiscovered) Run(c *Context) error {
	return listing[v1.Stranger]{of: func(ctx context.Context) ([]v1.Stranger, error) {
		all, err := c.Client.Discovered(ctx)
		if err == nil && len(all) == 0 && c.Output == "table" {
			_, _ = fmt.Fprintln(c.Err, noneDiscovered) // the empty list says the same
		}
		return all, err
	},
		head: []string{"MAC", "ADDRESS", "RACK", "TIMES", "FIRST", "LAST"},
		name: func(d v1.Stranger) string { return d.MAC },
		row: func(d v1.Stranger) []cell {
			return []cell{plain(d.MAC), plain(d.Address.String()), plain(d.Rack), plain(fmt.Sprint(d.Times)), plain(c.when(d.First)), plain(c.when(d.Last))}
		}}.run(c, l.Watched)
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
