package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"mozpool/persistence/strictyaml"
)

// Remark is something that a person should know and that hinders nothing, such
// as a boards file that does not exist yet.
type Remark string

// Load reads and validates the file at path, with overrides applied in the
// order given (environment first, then flags: the later one wins). Paths of the
// file are joined to its folder. After problems the Config is not to be used.
func Load(path string, overrides ...Overrides) (Config, strictyaml.Problems, []Remark) {
	c := Default()
	doc, problems, err := strictyaml.ReadFile(path, &c)
	if err != nil {
		return c, strictyaml.Problems{openProblem(path, err)}, nil
	}
	c.joinPaths(filepath.Dir(path))
	for _, o := range overrides {
		o.apply(&c)
	}
	c.fillServers()
	// What could not be read is at its default: the validator would complain
	// of a value that nobody wrote only where a required one is missing.
	problems.Add(newerProblems(problems, c.Validate(doc))...)
	problems.Sort()
	explainKinds(problems)
	if len(problems) > 0 {
		return c, problems, nil
	}
	return c, nil, c.remarks()
}

func openProblem(path string, err error) strictyaml.Problem {
	p := strictyaml.Problem{Pos: strictyaml.Pos{File: path}, What: fmt.Sprintf("cannot be read: %v", err),
		Remedy: "check the path and its permissions"}
	if errors.Is(err, fs.ErrNotExist) {
		p.What, p.Remedy = "there is no such file", "give the path of the server's own (--config FILE), or write one with: mozpool config default > "+path
	}
	return p
}

// newerProblems drops those of more whose place already has a problem.
func newerProblems(known, more strictyaml.Problems) strictyaml.Problems {
	seen := make(map[string]bool, len(known))
	for _, p := range known {
		seen[p.Path] = true
	}
	var out strictyaml.Problems
	for _, p := range more {
		if !seen[p.Path] {
			out.Add(p)
		}
	}
	return out
}

// joinPaths makes the paths of the file relative to its folder dir.
func (c *Config) joinPaths(dir string) {
	paths := []*string{&c.Data, &c.Files, &c.Boards, &c.Images, &c.API.Tokens, &c.API.Cert, &c.API.Key, &c.Cluster.Keys}
	for i := range c.Webhooks {
		paths = append(paths, &c.Webhooks[i].SecretFile)
	}
	for i := range c.Inventory.Sources {
		paths = append(paths, &c.Inventory.Sources[i].File, &c.Inventory.Sources[i].TokenFile, &c.Inventory.Sources[i].CA)
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
}

// fillServers gives racks that list no servers this one.
func (c *Config) fillServers() {
	for name, rack := range c.Racks {
		if len(rack.Servers) == 0 {
			rack.Servers = []string{c.Server}
			c.Racks[name] = rack
		}
	}
}

// remarks lists files and folders that do not exist yet: nothing is wrong with
// that on the first day.
func (c *Config) remarks() []Remark {
	var out []Remark
	for _, f := range []struct{ key, path, until string }{
		{"data", c.Data, "the server makes it when it starts"},
		{"files", c.Files, "there is nothing to serve until it does"},
		{"boards", c.Boards, "the list of boards is empty until it does"},
		{"images", c.Images, "only the built-in images are there until it does"},
	} {
		if f.key == "boards" && c.Inventory.Used() {
			continue // it is not read
		}
		if _, err := os.Stat(f.path); errors.Is(err, fs.ErrNotExist) {
			out = append(out, Remark(fmt.Sprintf("%s: %s does not exist yet; %s", f.key, f.path, f.until)))
		}
	}
	if len(c.Racks) == 0 {
		out = append(out, "racks: there are none, so no board is served; the API works")
	}
	out = append(out, c.Inventory.remarks()...)
	for _, name := range slices.Sorted(maps.Keys(c.Racks)) {
		out = append(out, c.Racks[name].remarks("racks."+name)...)
	}
	return out
}

// tftpPort is where loaders ask, and most of them nowhere else.
const tftpPort = 69

// remarks are about what boards will not find, though this machine can do it.
func (r Rack) remarks(path string) []Remark {
	if r.Listen.IsLoopback() {
		return []Remark{Remark(fmt.Sprintf("%s.listen: %s is this machine only, so no board reaches it; name this server's address in the rack's VLAN", path, r.Listen))}
	}
	if r.Ports.TFTP != tftpPort {
		return []Remark{Remark(fmt.Sprintf("%s.ports.tftp: it is %d; loaders ask port %d, and most of them no other", path, r.Ports.TFTP, tftpPort))}
	}
	return nil
}
