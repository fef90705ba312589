package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"

	"go.yaml.in/yaml/v4"

	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
)

// ImagePush is "mozpool image push": what an image needs, from any machine.
type ImagePush struct {
	Name     string   `arg:"" help:"Name of the image; one that was pushed before gets a new revision."`
	File     string   `placeholder:"FILE" help:"Its one artifact: plain, .gz, .xz, .bz2 or .zst, or with --install tar an archive."`
	URL      string   `placeholder:"URL" help:"Instead of --file, where the server fetches it; it is called as the URL ends."`
	SHA256   string   `name:"sha256" placeholder:"SUM" help:"What the file of --url has to have; else it is computed."`
	To       string   `default:"disk" placeholder:"PLACE" help:"Where that goes: disk or pN (disk)."`
	Hardware []string `placeholder:"TYPE" help:"Hardware types that it is for; none: all."`
	Install  string   `default:"raw" enum:"raw,tar" placeholder:"HOW" help:"raw or tar (raw)."`
	Verify   string   `default:"loader" enum:"loader,ping,callback,none" placeholder:"KIND" help:"What proves that it runs: loader, ping, callback or none (loader)."`
	Entry    string   `short:"f" placeholder:"FILE" help:"Instead of all these, an entry as under images in images.yaml; each file in it is one beside it."`
	Conditions
}

// Conditions are the flags of what replaces something.
type Conditions struct {
	New      bool   `xor:"condition" help:"Refuse if there is one of this name."`
	Revision string `xor:"condition" placeholder:"REVISION" help:"Refuse unless it is at this revision."`
}

func (c Conditions) condition() client.Condition {
	return client.Condition{New: c.New, Revision: c.Revision}
}

// Run has the server get what it lacks, then puts the image.
func (p *ImagePush) Run(c *Context) error {
	entry, folder, err := p.entry()
	if err != nil {
		return &Error{Exit: ExitUsage, Err: err}
	}
	if p.URL != "" {
		err = p.fetch(c, &entry.Artifacts[0])
	} else {
		err = pushAll(c, entry.Artifacts, folder)
	}
	if err != nil {
		return coded(err)
	}
	i, err := c.Client.PutImage(c.Context, p.Name, entry, p.condition())
	if err != nil {
		return coded(err)
	}
	return coded(c.show(i, []string{i.Name}, func() *table {
		t := &table{head: []string{"IMAGE", "REVISION", "SOURCE"}}
		t.add(plain(i.Name), plain(i.Revision), plain(i.Source))
		return t
	}))
}

// fetch has the server fetch the one file.
func (p *ImagePush) fetch(c *Context, a *v1.ArtifactEntry) error {
	known, err := c.fetch(v1.ImportOrder{URL: p.URL, SHA256: p.SHA256})
	if err != nil {
		return err
	}
	u, err := url.Parse(p.URL)
	if err != nil {
		return err // the server could read it
	}
	a.File, a.SHA256 = path.Base(u.Path), known.SHA256 // which may be there under another name
	return nil
}

// pushAll uploads the files of an entry that the server lacks.
func pushAll(c *Context, all []v1.ArtifactEntry, folder string) error {
	for n := range all {
		a := &all[n]
		if a.File == "" {
			return &Error{Exit: ExitUsage, Err: fmt.Errorf("artifact %s names no file", a.Name)}
		}
		file := a.File
		if !filepath.IsAbs(file) {
			file = filepath.Join(folder, file)
		}
		known, err := c.push(c.Context, file)
		if err != nil {
			return err
		}
		if a.SHA256 != "" && a.SHA256 != known.SHA256 {
			return &Error{Exit: ExitUsage, Err: fmt.Errorf("%s has sha256 %s, and the entry says %s", file, known.SHA256, a.SHA256)}
		}
		a.File, a.SHA256 = filepath.Base(file), known.SHA256
	}
	return nil
}

// entry is what is to be put, and the folder that its files lie in.
func (p *ImagePush) entry() (e v1.ImageEntry, folder string, err error) {
	switch {
	case p.Name == "":
		return e, "", client.ErrNoName // before anything is uploaded for it
	case p.Entry == "" && p.File == "" && p.URL == "":
		return e, "", errors.New("say which file: --file FILE, --url URL, or -f ENTRY.yaml")
	case p.Entry != "" && p.File != "" || p.URL != "" && p.Entry+p.File != "":
		return e, "", errors.New("--file, --url and -f say different things; use one of them")
	case p.SHA256 != "" && p.URL == "":
		return e, "", errors.New("--sha256 is of what --url has; a file is hashed here")
	case p.Entry == "":
		return v1.ImageEntry{Hardware: p.Hardware, Install: p.Install, Verify: &v1.VerifyEntry{Kind: p.Verify},
			Artifacts: []v1.ArtifactEntry{{Name: "disk", File: p.File, To: p.To}}}, "", nil
	}
	data, err := os.ReadFile(p.Entry)
	if err != nil {
		return e, "", err
	}
	err = parseEntry(data, &e)
	if err != nil {
		return e, "", fmt.Errorf("%s: %w", p.Entry, err)
	}
	return e, filepath.Dir(p.Entry), nil
}

// parseEntry reads YAML by the JSON keys of an entry, each known: what would be dropped here, the server could not refuse.
func parseEntry(data []byte, into any) error {
	var any map[string]any
	if err := yaml.Unmarshal(data, &any); err != nil {
		return err
	}
	plain, err := json.Marshal(any)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(plain))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}

// ImageRemove is "mozpool image remove".
type ImageRemove struct {
	Name []string `arg:"" help:"Images."`
}

// Run removes the images, and goes on after one that cannot be.
func (r *ImageRemove) Run(c *Context) error {
	return c.remove(r.Name, c.Client.RemoveImage)
}

// remove removes things one by one, and tells people of each.
func (c *Context) remove(names []string, do func(ctx context.Context, name string) error) error {
	return c.each(names, func(name string) error {
		if err := do(c.Context, name); err != nil || !c.forPeople() {
			return err
		}
		_, err := fmt.Fprintf(c.Out, "%s: removed\n", name)
		return err
	})
}
