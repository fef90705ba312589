package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	v1 "mozpool/httpapi/v1"
)

// Artifact is "mozpool artifact": the files that were uploaded to the server.
type Artifact struct {
	Format
	List   ArtifactList   `cmd:"" help:"List what was uploaded to the server, and who uses it."`
	Push   ArtifactPush   `cmd:"" help:"Upload files; those that are there already are not sent again."`
	Remove ArtifactRemove `cmd:"" help:"Delete uploads that no image and no running attempt uses."`
}

// ArtifactList is "mozpool artifact list".
type ArtifactList struct{ Watched }

// Run lists the uploads.
func (l *ArtifactList) Run(c *Context) error {
	return listing[v1.StoredArtifact]{of: c.Client.Artifacts,
		head: []string{"SHA256", "NAME", "BYTES", "CAME", "IMAGES"}, more: []string{"BOARDS"},
		name: func(a v1.StoredArtifact) string { return a.SHA256 },
		row: func(a v1.StoredArtifact) []cell {
			return []cell{plain(a.SHA256), plain(a.Name), plain(fmt.Sprint(a.Size)), plain(c.when(a.At)), plain(strings.Join(a.Images, ",")), plain(strings.Join(a.Boards, ","))}
		}}.run(c, l.Watched)
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
	return c.show(a, []string{a.SHA256}, func() *table {
		t := &table{head: []string{"SHA256", "NAME", "BYTES"}}
		t.add(plain(a.SHA256), plain(a.Name), plain(fmt.Sprint(a.Size)))
		return t
	})
}

// ArtifactRemove is "mozpool artifact remove".
type ArtifactRemove struct {
	SHA256 []string `arg:"" name:"sha256" help:"Hashes, from the list."`
}

// Run deletes the uploads, and goes on after one that cannot be.
func (r *ArtifactRemove) Run(c *Context) error {
	var errs []error
	for _, sum := range r.SHA256 {
		errs = append(errs, c.Client.DeleteArtifact(c.Context, sum))
	}
	return coded(errors.Join(errs...))
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
