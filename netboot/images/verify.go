package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Verified is what became of hashing one artifact again.
type Verified struct {
	Artifact string
	File     string
	Want     string // the hash that boards are held to
	Got      string // the hash of the file as it lies there now; empty: it could not be read
	Problem  string // what is wrong, and what to do; empty: nothing
}

// Verify reads every artifact of an image from disk and hashes it anew. Loading and serving trust size and time of a file
// once its hash is known; this finds what they cannot: a disk that forgets, and a file that was replaced with its old time.
// An artifact whose name depends on a wish is left out. ctx ends the reading.
func (c *Catalogue) Verify(ctx context.Context, i Image) ([]Verified, error) {
	var all []Verified
	for _, a := range i.Artifacts {
		if len(a.Allow) > 0 {
			continue
		}
		v := Verified{Artifact: a.Name, File: a.File, Want: a.SHA256}
		in, name := a.place()
		if known, ok := c.index.last(in, name); ok && v.Want == "" {
			v.Want = known.SHA256
		}
		got, err := c.rehash(ctx, in, name)
		if err == nil && decodes(compressionOf(a.File), a) {
			err = c.rehashDecoded(ctx, in, name)
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("verify image %s: %w", i.Name, ctx.Err())
		}
		v.Got = got
		v.judge(err)
		all = append(all, v)
	}
	return all, nil
}

func (v *Verified) judge(err error) {
	switch {
	case errors.Is(err, os.ErrNotExist):
		v.Problem = "the file is not there; put it back, or take the image out"
	case err != nil:
		v.Problem = err.Error() + "; look at the disk that it lies on"
	case v.Want == "":
		v.Problem = "no hash of it is known; reload"
	case v.Got != v.Want:
		v.Problem = "the file is not what it was; put the old one back, or reload to take the new one"
	}
}

// rehash hashes a file, whatever is known of it.
func (c *Catalogue) rehash(ctx context.Context, in Folder, name string) (string, error) {
	f, _, err := c.roots.open(in, name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // read only
	return measureWhole(&until{ctx, f})
}

// rehashDecoded hashes what the server unpacked for the boards.
func (c *Catalogue) rehashDecoded(ctx context.Context, in Folder, name string) error {
	known, ok := c.index.last(in, name)
	if !ok || known.Unpacked == nil {
		return nil // not unpacked yet
	}
	name = storeName(known.Unpacked.SHA256)
	got, err := c.rehash(ctx, InStore, name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("what it was unpacked to (%s in the store) is gone; reload to have it unpacked again", name)
	case err == nil && got != known.Unpacked.SHA256:
		return fmt.Errorf("what it was unpacked to (%s in the store) changed; delete it there, reload", name)
	}
	return err
}

// until reads on while somebody wants to know.
type until struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (u *until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
