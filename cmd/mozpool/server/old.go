package server

import (
	"context"
	"net/netip"
	"slices"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/cmd/mozpool/config"
	"mozpool/httpapi"
	"mozpool/httpapi/mozpool1"
	"mozpool/netboot/probe"
)

// old is the API of the original Mozpool over this server's boards.
func (s *Server) old() *mozpool1.API {
	return mozpool1.New(mozpool1.Config{Fleet: s.boards, Logs: s.allLogs(), Server: s.cfg.Server, Version: s.opts.Version, Clock: s.opts.Clock,
		Catalogue: func() mozpool1.Catalogue { return s.catalogue.Get() },
		Bare:      func(rack string) bool { return s.cfg.Racks[rack].BareCallbacks },
		Ping: func(ctx context.Context, a netip.Addr) error {
			return probe.Look(ctx, a, actors.Check{Kind: board.VerifyPing})
		}})
}

// bindOld binds the listener for clients that know no tokens, if there is to be one. c is that of the API.
func (s *Server) bindOld(c httpapi.Config) error {
	if s.cfg.OldAPI.Listen == "" {
		return nil
	}
	c.Listen, c.TLS = s.cfg.OldAPI.Listen, nil // those clients speak no TLS either
	s.oldAPI = httpapi.NewOld(c, func(a netip.Addr) bool {
		return slices.ContainsFunc(s.cfg.OldAPI.Allow, func(n config.Network) bool { return n.Contains(a) })
	})
	if err := s.oldAPI.Listen(); err != nil {
		return err
	}
	s.closers = append(s.closers, s.oldAPI.Close)
	return nil
}
