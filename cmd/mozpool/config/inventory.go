package config

import (
	"fmt"
	"strconv"
	"time"

	"mozpool/persistence/strictyaml"
)

// Inventory says where the list of boards comes from when it is not the boards
// file alone. In a cluster, one of the servers that have it syncs for all.
type Inventory struct {
	// Every is the time between two syncs. Default: 30m.
	Every strictyaml.Duration `yaml:"every"`
	// Sources are asked for boards. Default: none, and the boards file is read
	// at start and at reload.
	Sources []Source `yaml:"sources"`
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
	seen, prefixes := make(map[string]bool), make(map[string]string)
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
		if other := prefixes[s.Prefix()]; s.Prefix() != "" && other != "" {
			v.add(fmt.Sprintf("%s and %s give their boards ids of one kind", other, s.Name), "write ids: "+s.Name+" to one of them", at("ids")...)
		}
		prefixes[s.Prefix()] = s.Name
		v.source(s, at)
	}
}
