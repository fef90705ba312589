package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v4"

	v1 "mozpool/httpapi/v1"
)

// ImagePush is "mozpool image push": what an image needs, from any machine.
type ImagePush struct {
	Name     string   `arg:"" help:"Name of the image; one that was pushed before gets a new revision."`
	File     string   `placeholder:"FILE" help:"Its one artifact: plain, .gz, .xz, .bz2 or .zst, or with --install tar an archive."`
	To       string   `default:"disk" placeholder:"PLACE" help:"Where that goes: disk or pN (disk)."`
	Hardware []string `placeholder:"TYPE" help:"Hardware types that it is for; none: all."`
	Install  string   `default:"raw" enum:"raw,tar" placeholder:"HOW" help:"raw or tar (raw)."`
	Verify   string   `default:"loader" enum:"loader,ping,callback,none" placeholder:"KIND" help:"What proves that it runs: loader, ping, callback or none (loader)."`
	Entry    string   `short:"f" placeholder:"FILE" help:"Instead of all these, an entry as under images in images.yaml; each file in it is one beside it."`
	New      bool     `help:"Refuse if there is an image of this name."`
}

// Run uploads what the server lacks, then puts the image.
func (p *ImagePush) Run(c *Context) error {
	entry, folder, err := p.entry()
	if err != nil {
		return &Error{Exit: ExitUsage, Err: err}
	}
	for n := range entry.Artifacts {
		a := &entry.Artifacts[n]
		if a.File == "" {
			return &Error{Exit: ExitUsage, Err: fmt.Errorf("artifact %s names no file", a.Name)}
		}
		path := a.File
		if !filepath.IsAbs(path) {
			path = filepath.Join(folder, path)
		}
		known, err := c.push(c.Context, path)
		if err != nil {
			return coded(err)
		}
		if a.SHA256 != "" && a.SHA256 != known.SHA256 {
			return &Error{Exit: ExitUsage, Err: fmt.Errorf("%s has sha256 %s, and the entry says %s", path, known.SHA256, a.SHA256)}
		}
		a.File, a.SHA256 = filepath.Base(path), known.SHA256
	}
	i, err := c.Client.PutImage(c.Context, p.Name, entry, p.New)
	if err != nil {
		return coded(err)
	}
	return coded(c.show(i, []string{i.Name}, func() *table {
		t := &table{head: []string{"IMAGE", "REVISION", "SOURCE"}}
		t.add(plain(i.Name), plain(i.Revision), plain(i.Source))
		return t
	}))
}

// entry is what is to be put, and the folder that its files lie in.
func (p *ImagePush) entry() (e v1.ImageEntry, folder string, err error) {
	switch {
	case p.Entry == "" && p.File == "":
		return e, "", errors.New("say which file: --file FILE, or -f ENTRY.yaml")
	case p.Entry != "" && p.File != "":
		return e, "", errors.New("--file and -f say two things; use one of them")
	case p.Entry == "":
		return v1.ImageEntry{Hardware: p.Hardware, Install: p.Install, Verify: &v1.VerifyEntry{Kind: p.Verify},
			Artifacts: []v1.ArtifactEntry{{Name: "disk", File: p.File, To: p.To}}}, "", nil
	}
	data, err := os.ReadFile(p.Entry)
	if err != nil {
		return e, "", err
	}
	e, err = parseEntry(data)
	if err != nil {
		return e, "", fmt.Errorf("%s: %w", p.Entry, err)
	}
	return e, filepath.Dir(p.Entry), nil
}

// parseEntry reads YAML by the JSON keys of an entry, each known: what would be dropped here, the server could not refuse.
func parseEntry(data []byte) (e v1.ImageEntry, err error) {
	var any map[string]any
	if err := yaml.Unmarshal(data, &any); err != nil {
		return e, err
	}
	plain, err := json.Marshal(any)
	if err != nil {
		return e, err
	}
	dec := json.NewDecoder(bytes.NewReader(plain))
	dec.DisallowUnknownFields()
	return e, dec.Decode(&e)
}

// ImageRemove is "mozpool image remove".
type ImageRemove struct {
	Name []string `arg:"" help:"Images."`
}

// Run removes the images, and goes on after one that cannot be.
func (r *ImageRemove) Run(c *Context) error {
	return c.each(r.Name, func(name string) error { return c.Client.RemoveImage(c.Context, name) })
}
