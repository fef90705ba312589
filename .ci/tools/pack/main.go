// Command pack makes what is handed out of a binary: a deb, an rpm, a tarball, an OCI image, a bill of materials,
// checksums. "make package" calls it.
//
// It decides where files lie on a machine. The same binary, files, version and time make the same bytes, so that
// anybody can check what was handed out.
//
// Dependencies: nfpm, as a library, because deb and rpm are formats with decades of odd corners; go-containerregistry,
// because an image is made without a daemon.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// release is what everything is made of.
type release struct {
	root    string // of the source
	out     string // folder that gets the files
	binary  string
	arch    string // as Go names it
	version string // as git describe has it
	at      time.Time
}

func main() {
	r := release{}
	var epoch int64
	flag.StringVar(&r.root, "root", ".", "folder of the source")
	flag.StringVar(&r.out, "out", "bin/package", "folder for the packages")
	flag.StringVar(&r.binary, "binary", "bin/mozpool", "the binary, static")
	flag.StringVar(&r.arch, "arch", "amd64", "its architecture, as Go names it")
	flag.StringVar(&r.version, "version", "", "such as v1.2.3")
	flag.Int64Var(&epoch, "epoch", 0, "time of all files, in seconds since 1970: the commit's")
	flag.Parse()
	r.at = time.Unix(epoch, 0).UTC()
	if err := r.make(); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func (r *release) make() error {
	if r.version == "" {
		return errors.New("name the version: -version v1.2.3")
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	for _, format := range []string{"deb", "rpm"} {
		if err := r.distribution(format); err != nil {
			return fmt.Errorf("%s: %w", format, err)
		}
	}
	if err := r.tarball(); err != nil {
		return fmt.Errorf("tarball: %w", err)
	}
	if err := r.image(); err != nil {
		return fmt.Errorf("image: %w", err)
	}
	if err := r.materials(); err != nil {
		return fmt.Errorf("bill of materials: %w", err)
	}
	return r.checksums()
}

// plain is the version as packages have it: it begins with a digit, and what git describe says behind the tag follows
// a plus.
func (r *release) plain() string {
	v := strings.TrimPrefix(r.version, "v")
	if v == "" || v[0] < '0' || v[0] > '9' || !strings.Contains(v, ".") {
		v = "0.0.0-" + v // no tag yet
	}
	return strings.NewReplacer("-", "+", "_", "+").Replace(v)
}

func (r *release) name(suffix string) string {
	return filepath.Join(r.out, fmt.Sprintf("mozpool_%s_%s%s", r.plain(), r.arch, suffix))
}
