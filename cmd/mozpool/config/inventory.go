package config

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"mozpool/persistence/strictyaml"
)

// Inventory says where the list of boards comes from when it is not the boards
// file alone. A server of a cluster cannot have it yet: every one would sync by
// itself.
type Inventory struct {
	// Every is the time between two syncs. Default: 30m.
	Every strictyaml.Duration `yaml:"every"`
	// Sources are asked for boards. Default: none, and the boards file is read
	// at start and at reload.
	Sources []Source `yaml:"sources"`
}

// Source is a file or a URL with a list of boards: YAML in the format of the
// boards file, JSON of that shape, or CSV.
type Source struct {
	// Name is shown with each of its boards; unique. Boards belong to their
	// source by this name: renaming it is a change of all its boards.
	Name string `yaml:"name"`
	// File is a path, URL an address; one of the two.
	File string `yaml:"file"`
	URL  string `yaml:"url"`
	// TokenFile and TokenEnv say where the bearer token for URL stands; at most
	// one. Default: none is sent.
	TokenFile string `yaml:"token_file"`
	TokenEnv  string `yaml:"token_env"`
}

// The default and the shortest time between two syncs.
const (
	inventoryEvery = 30 * time.Minute
	minInventory   = time.Minute
)

// Used tells whether boards come from sources rather than from the boards file.
func (i Inventory) Used() bool { return len(i.Sources) > 0 }

// inventory checks the sources of boards.
func (v *validator) inventory(c *Config) {
	if every := c.Inventory.Every.Std(); every < minInventory {
		v.add(fmt.Sprintf("%s is too often", c.Inventory.Every), fmt.Sprintf("%s at least; 30m is the default", minInventory), "inventory", "every")
	}
	if c.Cluster.Enabled() && c.Inventory.Used() {
		v.add("cannot be used in a cluster", "remove the sources here, and have the boards file written on each server", "inventory", "sources")
	}
	seen := make(map[string]bool)
	for i, s := range c.Inventory.Sources {
		at := func(keys ...string) []string {
			return append([]string{"inventory", "sources", strconv.Itoa(i)}, keys...)
		}
		switch {
		case !safeName.MatchString(s.Name):
			v.add(fmt.Sprintf("%q cannot be a source's name", s.Name), safeNameRemedy, at("name")...)
		case seen[s.Name]:
			v.add(fmt.Sprintf("there are two sources %s", s.Name), "names must differ: each board says which it is of", at("name")...)
		}
		seen[s.Name] = true
		v.source(s, at)
	}
}

func (v *validator) source(s Source, at func(keys ...string) []string) {
	if (s.File == "") == (s.URL == "") {
		v.add("wants one of file and url", "write file: boards.yaml, or url: https://inventory.example/boards.yaml", at()...)
		return
	}
	if s.TokenFile != "" && s.TokenEnv != "" {
		v.add("has token_file and token_env", "keep one of the two", at()...)
	}
	if s.URL == "" {
		if s.TokenFile+s.TokenEnv != "" {
			v.add("has a token, but a file wants none", "remove the token, or write url instead of file", at()...)
		}
		return
	}
	if u, err := url.Parse(s.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		v.add("has no url that can be used", "write one such as https://inventory.example/boards.yaml; a password stands in a token file", at("url")...)
	}
}
