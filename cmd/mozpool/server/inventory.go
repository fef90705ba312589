package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"mozpool/actors"
	"mozpool/actors/inventory"
	"mozpool/actors/inventory/keeper"
	"mozpool/actors/inventory/plan"
	"mozpool/actors/inventory/source"
	"mozpool/actors/inventory/source/mozilla"
	"mozpool/actors/inventory/source/netbox"
	"mozpool/actors/inventory/source/web"
	"mozpool/cmd/mozpool/config"
	"mozpool/relayproto/power"
)

// openInventory takes the boards from the last sync, where the configuration names sources.
func (s *Server) openInventory(ctx context.Context, l *lists) error {
	if !s.cfg.Inventory.Used() {
		return nil
	}
	c := keeper.Config{Journal: s.journal, Rules: s.inventoryRules, Apply: func(ctx context.Context, boards []inventory.Spec) error { return s.load(ctx, boards) },
		Forget: func(ctx context.Context, id string) error {
			return errors.Join(actors.Forget(ctx, s.journal, id), s.trails.Forget(id))
		}, Leave: s.leaving, Every: s.cfg.Inventory.Every.Std(), Logger: s.log, Clock: s.opts.Clock}
	if s.cluster != nil && s.cfg.Cluster.Enabled() {
		c.Turn = s.syncsHere
	}
	var err error
	if c.Sources, err = Sources(s.cfg); err != nil {
		return configError{err}
	}
	k, err := keeper.Open(ctx, c)
	if err != nil {
		return err
	}
	s.inventory, l.specs = k, k.Boards()
	s.keeper.Store(k)
	s.registry.MustRegister(k)
	return nil
}

// Sources are those that the configuration names; none is asked yet.
func Sources(cfg config.Config) ([]keeper.Source, error) {
	var out []keeper.Source
	for _, c := range cfg.Inventory.Sources {
		s, err := sourceOf(c)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func sourceOf(c config.Source) (keeper.Source, error) {
	token, options := web.Token{File: c.TokenFile, Env: c.TokenEnv}, web.Options{CA: c.CA}
	switch {
	case c.File != "":
		return source.File{Title: c.Name, Path: c.File, Power: ParsePower}, nil
	case c.NetBox != "":
		return netbox.New(netbox.Config{Title: c.Name, URL: c.NetBox, Token: token, Filter: c.Filter, Interface: c.Interface, Fields: c.Fields,
			Racks: c.Racks, Hardware: c.Hardware, Prefix: c.Prefix(), Power: ParsePower, Web: options})
	case c.Mozilla != "":
		m := mozilla.Config{Title: c.Name, URL: c.Mozilla, User: c.User, Token: token, Filter: c.Filter, Racks: c.Racks, Hardware: c.Hardware,
			Prefix: c.Prefix(), Power: ParsePower, Web: options}
		if c.Ignore != "" {
			var err error
			if m.Ignore, err = regexp.Compile(c.Ignore); err != nil {
				return nil, fmt.Errorf("inventory source %s: ignore: %w", c.Name, err)
			}
		}
		return mozilla.New(m)
	}
	options.Token = token
	return source.NewURL(c.Name, c.URL, ParsePower, options)
}

// inventoryRules are what this server knows of boards: its racks, hardware types, switches, and who must not be disturbed.
func (s *Server) inventoryRules() plan.Rules {
	racks := slices.Sorted(maps.Keys(s.cfg.Racks))
	catalogue := s.catalogue.Get()
	return plan.Rules{Outlet: outletOf, Hold: s.hold, Busy: s.busy, Check: func(b inventory.Spec) string {
		if _, ok := s.cfg.Racks[b.Rack]; !ok && !s.cfg.Cluster.Enabled() { // in a cluster it may be another server's
			return fmt.Sprintf("rack %q is not in the configuration; %s", b.Rack, didYouMean(b.Rack, racks, "add it under racks, or correct the name"))
		}
		if _, ok := catalogue.HardwareType(b.Hardware); !ok {
			return fmt.Sprintf("hardware type %q is not known; add it to %s, or correct the name", b.Hardware, s.cfg.Images)
		}
		return ""
	}}
}

func outletOf(line string) (device, name string) {
	spec, err := power.Parse(line)
	if err != nil {
		return "", ""
	}
	o := spec.Outlet()
	return o.Device, o.Name
}

// hold keeps boards where they are that are locked, on their way to something, or of a rack that nobody acts for.
func (s *Server) hold(b inventory.Spec) string {
	v := s.boards.ByID(b.ID)
	switch {
	case v == nil:
		return ""
	case v.Board.Locked("", s.opts.Clock()):
		return "it is locked"
	case s.cluster != nil && s.cluster.member.Holder(b.Rack) == "":
		return "no server holds rack " + b.Rack
	}
	return s.busy(b)
}

// busy keeps boards as they are that are on their way to something.
func (s *Server) busy(b inventory.Spec) string {
	if v := s.boards.ByID(b.ID); v != nil && !v.Board.State.Rest() {
		return fmt.Sprintf("it is %s; it has to rest first", v.Board.State)
	}
	return ""
}

// leaving has boards that are about to go take no more wishes.
func (s *Server) leaving(ids map[string]bool) {
	if s.cluster != nil {
		s.cluster.house.Load().SetLeaving(ids)
		return
	}
	s.fleet.SetLeaving(ids)
}
