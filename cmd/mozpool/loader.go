package main

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"

	"mozpool/actors/inventory"
	"mozpool/cmd/mozpool/config"
	"mozpool/netboot/images"
	"mozpool/netboot/loader"
	"mozpool/persistence/strictyaml"
)

// loaderCommand is "mozpool loader".
type loaderCommand struct {
	Script loaderScript `cmd:"" help:"Print what to put on the card of a board, or beside its server; --server is the server's address."`
}

// loaderScript takes the server's address from the shared flag --server.
type loaderScript struct {
	Hardware string `required:"" placeholder:"TYPE" help:"Hardware type: panda, qemu-arm64 or qemu-amd64; with --loader ipxe any."`
	Config   string `placeholder:"FILE" help:"Take address, TFTP port and files from this mozpool.yaml."`
	Rack     string `placeholder:"RACK" help:"Rack of --config, where it has several."`
	Loader   string `placeholder:"ipxe" help:"ipxe: boards of this type, whichever it is, boot by iPXE."`
	MAC      string `name:"mac" placeholder:"MAC" help:"The board's own, for types that must be told it."`
}

// Run prints the text.
func (c *loaderScript) Run(p *program) error {
	site, err := c.site(p.Server)
	if err != nil {
		return err
	}
	text, err := loader.Script(c.Hardware, site)
	if err != nil {
		return usageError{err}
	}
	if site.Server.IsLoopback() {
		fmt.Fprintf(os.Stderr, "mozpool: remark: %s is reached from this machine only; boards need the server's address in their VLAN\n", site.Server)
	}
	_, err = fmt.Print(text)
	return err
}

// site is what the flags and the configuration say; a flag wins.
func (c *loaderScript) site(server string) (loader.Site, error) {
	var s loader.Site
	if c.Rack != "" && c.Config == "" {
		return s, usageError{errors.New("--rack means nothing without --config")}
	}
	if c.Config != "" {
		cfg, _, err := loadConfig(c.Config, config.Overrides{})
		if err != nil {
			return s, err
		}
		rack, err := c.rack(cfg)
		if err != nil {
			return s, usageError{err}
		}
		s = loader.Site{Server: rack.BoardAddress(), Files: cfg.Files, TFTP: rack.Ports.TFTP}
	}
	if server != "" {
		a, err := netip.ParseAddr(server)
		if err != nil {
			return s, usageError{&strictyaml.RemedyError{What: fmt.Sprintf("--server %s is no address", server),
				Remedy: "loaders have no resolver: write the server's IPv4 address in the boards' VLAN, such as 10.91.0.1"}}
		}
		s.Server = a.Unmap()
	}
	if c.Loader != "" && c.Loader != string(images.IPXE) {
		return s, usageError{&strictyaml.RemedyError{What: fmt.Sprintf("--loader %s is no loader that can be asked for", c.Loader),
			Remedy: "write ipxe, or leave it away: the hardware type says which it is otherwise"}}
	}
	s.Loader = images.Loader(c.Loader)
	if c.MAC != "" {
		mac, err := inventory.ParseMAC(c.MAC)
		if err != nil {
			return s, usageError{err}
		}
		s.MAC = mac
	}
	return s, nil
}

func (c *loaderScript) rack(cfg config.Config) (config.Rack, error) {
	names := slices.Sorted(maps.Keys(cfg.Racks))
	name := c.Rack
	switch {
	case len(names) == 0:
		return config.Rack{}, &strictyaml.RemedyError{What: c.Config + " has no racks", Remedy: "give --server instead"}
	case name == "" && len(names) > 1:
		return config.Rack{}, &strictyaml.RemedyError{What: c.Config + " has several racks", Remedy: "choose with --rack one of " + strings.Join(names, ", ")}
	case name == "":
		name = names[0]
	}
	r, ok := cfg.Racks[name]
	if !ok {
		return r, &strictyaml.RemedyError{What: fmt.Sprintf("%s has no rack %q", c.Config, name), Remedy: "it has " + strings.Join(names, ", ")}
	}
	return r, nil
}
