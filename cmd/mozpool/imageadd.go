package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"mozpool/cmd/mozpool/config"
	"mozpool/cmd/mozpool/server"
	"mozpool/netboot/images"
	"mozpool/netboot/images/addition"
)

// imageFiles are the verbs of "mozpool image" that need no server.
type imageFiles struct {
	Add imageAdd `cmd:"" help:"Look what an image file holds, and add it to images.yaml. Needs no server."`
}

type imageAdd struct {
	File     string            `arg:"" help:"Image: plain, .gz, .xz or .bz2; or an archive, .tar and the like."`
	Hardware string            `required:"" placeholder:"TYPE" help:"Hardware type that it is for; see: mozpool hardware list."`
	Name     string            `placeholder:"NAME" help:"Name of the image, instead of the file's."`
	To       string            `placeholder:"PLACE" help:"Where it goes, disk or pN, instead of what keep allows."`
	Verify   images.VerifyKind `default:"loader" placeholder:"KIND" help:"What proves that it runs: loader, ping, callback or none."`
	Config   string            `default:"mozpool.yaml" placeholder:"FILE" help:"Configuration of the server (mozpool.yaml)."`
	Write    bool              `help:"Copy the file into artifacts/ and add the entry to images.yaml."`
}

// Run reports; with --write it also adds.
func (c *imageAdd) Run(ctx context.Context) error {
	cfg, _, err := loadConfig(c.Config, config.Overrides{})
	if err != nil {
		return err
	}
	o, release, err := server.Images(cfg)
	if err != nil {
		return fmt.Errorf("add image: %w", err)
	}
	defer release()
	a, err := addition.New(addition.Request{File: c.File, Hardware: c.Hardware, Name: c.Name, To: c.To, Verify: c.Verify}, o)
	if err != nil {
		return usageError{err}
	}
	if err := c.report(os.Stdout, a, cfg); err != nil || !c.Write {
		return err
	}
	if err := a.Write(ctx); err != nil {
		return err
	}
	_, err = fmt.Printf("\nAdded to %s. Now: mozpool reload\n", cfg.Images)
	return err
}

func (c *imageAdd) report(w io.Writer, a *addition.Addition, cfg config.Config) error {
	text := a.Report()
	if c.Verify == images.VerifyLoader {
		text += "Verified by its loader: it is ready once the loader has gone on to the card. If it answers pings, --verify ping proves more.\n"
	}
	text += "\nIts entry under images in " + cfg.Images + ":\n\n" + a.Entry()
	if !c.Write {
		text += "\nNothing is changed yet: --write adds it.\n"
	}
	_, err := io.WriteString(w, text)
	return err
}
