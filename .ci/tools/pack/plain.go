package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// tarball has the same files, below a folder of its own.
func (r *release) tarball() error {
	all, err := r.files()
	if err != nil {
		return err
	}
	data, err := r.tar(all, "mozpool-"+r.plain())
	if err != nil {
		return err
	}
	return os.WriteFile(r.name(".tar.gz"), packed(data), 0o644)
}

func (r *release) tar(all []file, prefix string) ([]byte, error) {
	var out bytes.Buffer
	t := tar.NewWriter(&out)
	for _, f := range all {
		h := &tar.Header{Name: prefix + f.to, Mode: int64(f.mode), Size: int64(len(f.data)), ModTime: r.at, Format: tar.FormatPAX}
		if err := t.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := t.Write(f.data); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), t.Close()
}

// component is a part of a bill of materials, as CycloneDX has it.
type component struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
}

// materials writes which modules are in the binary: what it says itself, not what a file beside it promises.
func (r *release) materials() error {
	path := r.binary
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.root, path)
	}
	built, err := buildinfo.ReadFile(path)
	if err != nil {
		return err
	}
	parts := []component{{"library", "std", built.GoVersion, "pkg:golang/std@" + strings.TrimPrefix(built.GoVersion, "go")}}
	for _, m := range built.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		parts = append(parts, component{"library", m.Path, m.Version, "pkg:golang/" + m.Path + "@" + m.Version})
	}
	data, err := json.MarshalIndent(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"metadata": map[string]any{"timestamp": r.at.Format(time.RFC3339),
			"component": component{"application", "mozpool", r.plain(), "pkg:golang/mozpool@" + r.plain()}},
		"components": parts,
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(r.name(".cdx.json"), append(data, '\n'), 0o644)
}

// checksums writes SHA256SUMS over all that lies in the folder.
func (r *release) checksums() error {
	entries, err := os.ReadDir(r.out) // sorted
	if err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, e := range entries {
		if e.Name() == "SHA256SUMS" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(r.out, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), e.Name())
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), sums.Bytes(), 0o644)
}
