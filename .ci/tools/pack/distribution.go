package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // registers itself
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm" // registers itself
)

// distribution makes a deb or an rpm.
func (r *release) distribution(format string) error {
	stage, err := os.MkdirTemp("", "mozpool-pack-") // nfpm takes files by name
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(stage) }()
	info, err := r.info(stage)
	if err != nil {
		return err
	}
	info = nfpm.WithDefaults(info)
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return err
	}
	packager, err := nfpm.Get(format)
	if err != nil {
		return err
	}
	out, err := os.Create(filepath.Join(r.out, packager.ConventionalFileName(info)))
	if err != nil {
		return err
	}
	return errors.Join(packager.Package(info, out), out.Close())
}

func (r *release) info(stage string) (*nfpm.Info, error) {
	all, err := r.files()
	if err != nil {
		return nil, err
	}
	var contents files.Contents
	for _, f := range all {
		path := filepath.Join(stage, f.to)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, f.data, 0o644)); err != nil {
			return nil, err
		}
		c := &files.Content{Source: path, Destination: f.to, FileInfo: &files.ContentFileInfo{Mode: f.mode, MTime: r.at, Owner: "root", Group: "root"}}
		if f.conf {
			c.Type = files.TypeConfigNoReplace
		}
		contents = append(contents, c)
	}
	scripts := filepath.Join(r.root, packaging)
	info := &nfpm.Info{Name: "mozpool", Arch: r.arch, Platform: "linux", Version: r.plain(), VersionSchema: "none", Section: "admin", Priority: "optional",
		Maintainer: "mozpool <mozpool@localhost>", License: "Apache-2.0", MTime: r.at,
		Description: "Imaging servers for racks of unreliable boards.\nSwitches boards' power by relay boards, boots them over the network, writes images and\nchecks that they run, however often it takes."}
	info.Contents = contents
	info.Scripts = nfpm.Scripts{PostInstall: filepath.Join(scripts, "postinst.sh"), PreRemove: filepath.Join(scripts, "prerm.sh"), PostRemove: filepath.Join(scripts, "postrm.sh")}
	info.RPM.BuildHost = "localhost"
	return info, nil
}
