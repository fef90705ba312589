package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// file is one file of a release.
type file struct {
	from string // below the source
	to   string // on a machine
	mode os.FileMode
	conf bool // people change it: an upgrade leaves it alone
	data []byte
}

const packaging = "cmd/mozpool/packaging/"

// beside is everything but the binary.
var beside = []file{
	{from: packaging + "mozpool.service", to: "/usr/lib/systemd/system/mozpool.service", mode: 0o644},
	{from: packaging + "sysusers.conf", to: "/usr/lib/sysusers.d/mozpool.conf", mode: 0o644},
	{from: packaging + "mozpool.1", to: "/usr/share/man/man1/mozpool.1.gz", mode: 0o644},
	{from: packaging + "completion.bash", to: "/usr/share/bash-completion/completions/mozpool", mode: 0o644},
	{from: packaging + "completion.zsh", to: "/usr/share/zsh/vendor-completions/_mozpool", mode: 0o644},
	{from: packaging + "completion.fish", to: "/usr/share/fish/vendor_completions.d/mozpool.fish", mode: 0o644},
	{from: packaging + "alerts.yaml", to: "/usr/share/mozpool/alerts.yaml", mode: 0o644},
	{from: packaging + "dashboard.json", to: "/usr/share/mozpool/dashboard.json", mode: 0o644},
	{from: "README.md", to: "/usr/share/doc/mozpool/README.md", mode: 0o644},
	{from: "LICENSE", to: "/usr/share/doc/mozpool/copyright", mode: 0o644},
}

// files reads all of a release, and has the configuration written by a mozpool of this machine.
func (r *release) files() ([]file, error) {
	all := append([]file{{from: r.binary, to: "/usr/bin/mozpool", mode: 0o755}}, beside...)
	for i := range all {
		path := all[i].from
		if !filepath.IsAbs(path) {
			path = filepath.Join(r.root, path)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if filepath.Ext(all[i].to) == ".gz" {
			data = packed(data)
		}
		all[i].data = data
	}
	conf, err := r.configuration()
	if err != nil {
		return nil, err
	}
	return append(all, file{to: "/etc/mozpool/mozpool.yaml", mode: 0o644, conf: true, data: conf}), nil
}

// configuration is the default one. The server's name is left to the machine that it is installed on: lines with it are
// comments.
func (r *release) configuration() ([]byte, error) {
	cmd := exec.Command("go", "run", "./cmd/mozpool", "config", "default", "--server", "SERVER")
	cmd.Dir, cmd.Stderr = r.root, os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("write the default configuration: %w", err)
	}
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		if bytes.Contains(line, []byte("SERVER")) { // the host name, unless somebody says otherwise
			bare := bytes.TrimLeft(line, " ")
			line = append(line[:len(line)-len(bare):len(line)-len(bare)], "# "...)
			line = append(line, bytes.ReplaceAll(bare, []byte("SERVER"), []byte("img1"))...)
		}
		out.Write(line)
	}
	return out.Bytes(), nil
}

// packed is gzip without a name or a time.
func packed(data []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is a constant
	_, _ = z.Write(data)                                    // into memory
	_ = z.Close()
	return out.Bytes()
}
