package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// image makes an OCI image with nothing but the binary and its configuration, as one archive that podman and skopeo
// read (oci-archive:FILE). No daemon is asked.
func (r *release) image() error {
	img, err := r.picture()
	if err != nil {
		return err
	}
	stage, err := os.MkdirTemp("", "mozpool-image-") // the library writes a layout as a folder
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(stage) }()
	index, err := layout.Write(stage, empty.Index)
	if err != nil {
		return err
	}
	if err := index.AppendImage(img, layout.WithPlatform(v1.Platform{OS: "linux", Architecture: r.arch}),
		layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": r.plain()})); err != nil {
		return err
	}
	all, err := folder(stage)
	if err != nil {
		return err
	}
	data, err := r.tar(all, "")
	return errors.Join(err, os.WriteFile(r.name(".oci.tar"), data, 0o644))
}

// picture is the image: one layer, started as the unit starts the server.
func (r *release) picture() (v1.Image, error) {
	all, err := r.files()
	if err != nil {
		return nil, err
	}
	var kept []file
	for _, f := range all {
		if f.to == "/usr/bin/mozpool" || f.conf {
			f.to = f.to[1:]
			kept = append(kept, f)
		}
	}
	data, err := r.tar(kept, "")
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
	if err != nil {
		return nil, err
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	conf := &v1.ConfigFile{Architecture: r.arch, OS: "linux", Created: v1.Time{Time: r.at}, Config: v1.Config{
		Entrypoint: []string{"/usr/bin/mozpool"}, Cmd: []string{"serve", "--config", "/etc/mozpool/mozpool.yaml"},
		Volumes: map[string]struct{}{"/var/lib/mozpool": {}}, StopSignal: "SIGTERM",
		Labels: map[string]string{"org.opencontainers.image.version": r.plain(), "org.opencontainers.image.licenses": "Apache-2.0"}}}
	got, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	conf.RootFS, conf.History = got.RootFS, []v1.History{{Created: v1.Time{Time: r.at}, CreatedBy: "make package"}}
	return mutate.ConfigFile(img, conf)
}

// folder reads all files below a folder, sorted.
func folder(dir string) (all []file, err error) {
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(all, file{to: name, mode: 0o644, data: data})
		return err
	})
	return all, err
}
