package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	v1 "mozpool/httpapi/v1"
)

// BoardDumps is "mozpool board dumps": what a board wrote of its crashes, on the server that is asked.
type BoardDumps struct {
	List   DumpsList   `cmd:"" help:"List a board's crash dumps."`
	Get    DumpsGet    `cmd:"" help:"Fetch a crash dump."`
	Delete DumpsDelete `cmd:"" help:"Delete crash dumps, which makes room for others."`
}

// DumpsList is "mozpool board dumps list".
type DumpsList struct {
	Name string `arg:"" help:"Board."`
	Watched
}

// Run lists the dumps, the oldest first.
func (l *DumpsList) Run(c *Context) error {
	return listing[v1.Dump]{of: func(ctx context.Context) ([]v1.Dump, error) { return c.Client.Dumps(ctx, l.Name) },
		head: []string{"DUMP", "BYTES", "CAME"},
		name: func(d v1.Dump) string { return d.Name },
		row:  func(d v1.Dump) []cell { return []cell{plain(d.Name), plain(fmt.Sprint(d.Size)), plain(c.when(d.At))} },
	}.run(c, l.Watched)
}

// DumpsGet is "mozpool board dumps get".
type DumpsGet struct {
	Name string `arg:"" help:"Board."`
	Dump string `arg:"" help:"Name of the dump, from the list."`
	To   string `placeholder:"FILE" help:"Write it to this file, which must not exist yet; else to standard output."`
}

// Run fetches the dump. A file that is not whole does not stay.
func (g *DumpsGet) Run(c *Context) error {
	if g.To == "" {
		return coded(c.Client.ReadDump(c.Context, g.Name, g.Dump, c.Out))
	}
	f, err := os.OpenFile(g.To, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return &Error{Exit: ExitUsage, Err: err}
	}
	err = c.Client.ReadDump(c.Context, g.Name, g.Dump, f)
	if err = errors.Join(err, f.Close()); err != nil {
		return coded(errors.Join(err, os.Remove(g.To)))
	}
	return nil
}

// DumpsDelete is "mozpool board dumps delete".
type DumpsDelete struct {
	Name string   `arg:"" help:"Board."`
	Dump []string `arg:"" help:"Names of the dumps, from the list."`
}

// Run deletes the dumps, and goes on after one that cannot be.
func (d *DumpsDelete) Run(c *Context) error {
	var errs []error
	for _, name := range d.Dump {
		errs = append(errs, c.Client.DeleteDump(c.Context, d.Name, name))
	}
	return coded(errors.Join(errs...))
}
