package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	v1 "mozpool/httpapi/v1"
)

// Artifact is "mozpool artifact": the files of the server's store.
type Artifact struct {
	Format
	List   ArtifactList   `cmd:"" help:"List what lies in the server's store: uploads, and what it fetched or unpacked; who uses it, or since when nobody does."`
	Push   ArtifactPush   `cmd:"" help:"Upload files; those that are there already are not sent again."`
	Import ArtifactImport `cmd:"" help:"Have the server fetch files by their URL; what broke off is gone on with."`
	Remove ArtifactRemove `cmd:"" help:"Delete uploads that no image and no running attempt uses."`
	Prune  ArtifactPrune  `cmd:"" help:"Clear the server's store of what no image and no running attempt uses."`
}

// ArtifactList is "mozpool artifact list".
type ArtifactList struct{ Watched }

// Run lists the store.
func (l *ArtifactList) Run(c *Context) error {
	return listing[v1.StoredArtifact]{of: c.Client.Artifacts, head: storedHead, more: []string{"CAME", "BOARDS"},
		name: func(a v1.StoredArtifact) string { return a.SHA256 },
		row: func(a v1.StoredArtifact) []cell {
			return append(c.stored(a), plain(c.when(a.At)), plain(strings.Join(a.Boards, ",")))
		},
	}.run(c, l.Watched)
}

var storedHead = []string{"SHA256", "KIND", "NAME", "BYTES", "UNUSED SINCE", "IMAGES"}

// stored is a file of the store as a row; what has no name of its own is called by where it came from.
func (c *Context) stored(a v1.StoredArtifact) []cell {
	unused := ""
	if a.UnusedSince != nil {
		unused = c.when(*a.UnusedSince)
	}
	return []cell{plain(a.SHA256), plain(a.Kind), plain(cmp.Or(a.Name, a.From)), plain(fmt.Sprint(a.Size)), plain(unused), plain(strings.Join(a.Images, ","))}
}

// ArtifactPrune is "mozpool artifact prune".
type ArtifactPrune struct {
	UnusedFor string `placeholder:"TIME" help:"How long nobody has used it: 12h, 7d; 0s is all that nobody uses now. Else as long as store.keep_unused of the configuration. What came within the last hour stays."`
	DryRun    bool   `help:"Remove nothing; print what would be."`
}

// Run clears the store, and tells of what.
func (p *ArtifactPrune) Run(c *Context) error {
	got, err := c.Client.Prune(c.Context, p.UnusedFor, p.DryRun)
	if err != nil {
		return coded(err)
	}
	var names []string
	for _, a := range got.Artifacts {
		names = append(names, a.SHA256)
	}
	err = c.show(got, names, func() *table {
		t := &table{head: storedHead}
		for _, a := range got.Artifacts {
			t.add(c.stored(a)...)
		}
		return t
	})
	if err != nil || !c.forPeople() {
		return err
	}
	verb := "removed"
	if p.DryRun {
		verb = "would be removed"
	}
	_, err = fmt.Fprintf(c.Err, "%d files %s, %d of them lists of blocks or not whole: %d bytes\n", len(got.Artifacts)+got.Others, verb, got.Others, got.Bytes)
	return err
}

// ArtifactPush is "mozpool artifact push".
type ArtifactPush struct {
	File []string `arg:"" help:"Files."`
}

// Run uploads the files one after the other.
func (p *ArtifactPush) Run(c *Context) error {
	var errs []error
	for _, file := range p.File {
		errs = append(errs, p.push(c, file))
	}
	return coded(errors.Join(errs...))
}

func (*ArtifactPush) push(c *Context, file string) error {
	a, err := c.push(c.Context, file)
	if err != nil {
		return err
	}
	return c.showStored(a)
}

// showStored shows an artifact that is there now.
func (c *Context) showStored(a v1.StoredArtifact) error {
	return c.show(a, []string{a.SHA256}, func() *table {
		t := &table{head: []string{"SHA256", "NAME", "BYTES"}}
		t.add(plain(a.SHA256), plain(a.Name), plain(fmt.Sprint(a.Size)))
		return t
	})
}

// ArtifactImport is "mozpool artifact import".
type ArtifactImport struct {
	URL    []string `arg:"" help:"Where the files are: http or https, without user and password."`
	SHA256 string   `name:"sha256" placeholder:"SUM" help:"What the file has to have; one that the server has already is not fetched. Else it is computed, and printed."`
	Name   string   `placeholder:"FILE" help:"What the file is called; its suffix tells how it is packed. Else as its URL ends."`
}

// Run imports the files one after the other.
func (i *ArtifactImport) Run(c *Context) error {
	if len(i.URL) > 1 && (i.SHA256 != "" || i.Name != "") {
		return &Error{Exit: ExitUsage, Err: errors.New("--sha256 and --name are of one file; import it by itself")}
	}
	var errs []error
	for _, url := range i.URL {
		a, err := c.fetch(v1.ImportOrder{URL: url, SHA256: i.SHA256, Name: i.Name})
		if err == nil {
			err = c.showStored(a)
		}
		errs = append(errs, err)
	}
	return coded(errors.Join(errs...))
}

// fetch has the server fetch a file, and tells whoever looks on why that takes long.
func (c *Context) fetch(o v1.ImportOrder) (v1.StoredArtifact, error) {
	if c.Color && c.forPeople() {
		if _, err := fmt.Fprintf(c.Err, "%s fetches it; whoever interrupts goes on with the same command\n", c.Client.Server()); err != nil {
			return v1.StoredArtifact{}, err
		}
	}
	return c.Client.ImportArtifact(c.Context, o)
}

// ArtifactRemove is "mozpool artifact remove".
type ArtifactRemove struct {
	SHA256 []string `arg:"" name:"sha256" help:"Hashes, from the list."`
}

// Run deletes the uploads, and goes on after one that cannot be.
func (r *ArtifactRemove) Run(c *Context) error {
	return c.remove(r.SHA256, c.Client.DeleteArtifact)
}

// push hashes a file, and uploads it unless the server has it.
func (c *Context) push(ctx context.Context, path string) (v1.StoredArtifact, error) {
	f, err := openPush(path)
	if err != nil {
		return v1.StoredArtifact{}, err
	}
	defer func() { _ = f.file.Close() }() // read only
	shown := &transfer{out: c.Err, what: "hash " + f.name, total: f.size, on: c.Color && c.forPeople()}
	if f.sum, err = f.hash(shown); err != nil {
		return v1.StoredArtifact{}, err
	}
	a, err := c.Client.Artifact(ctx, f.sum)
	if err == nil || !isNotFound(err) {
		return a, err
	}
	shown = &transfer{out: c.Err, what: "send " + f.name, total: f.size, on: shown.on}
	defer shown.end()
	return c.Client.PutArtifact(ctx, f.sum, f.name, f.size, shown.of(f.file))
}
