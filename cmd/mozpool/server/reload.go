package server

import (
	"context"
	"fmt"

	"mozpool/actors"
	"mozpool/cluster/member"
	"mozpool/netboot/images"
	"mozpool/persistence/strictyaml"
)

// Reload reads boards, images, tokens, the certificate and the keys of gossip again. A bad file changes nothing. What came of it is logged
// here, whoever asked.
func (s *Server) Reload(ctx context.Context) error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if err := s.reload(ctx); err != nil {
		s.log.Error("reload", "error", err)
		return err
	}
	s.log.Info("reloaded", "boards", len(s.boards.Views()), "images", len(s.catalogue.Get().Images()))
	return nil
}

func (s *Server) reload(ctx context.Context) error {
	s.library.changing.Lock()
	defer s.library.changing.Unlock()
	o, err := s.imagesFrom(ctx, imageOptions(s.cfg, s.log))
	if err != nil {
		return told(err)
	}
	l, err := readLists(s.cfg, o)
	if err == nil {
		err = s.stillFit(l.catalogue)
	}
	if err != nil {
		return refused(err)
	}
	if s.inventory != nil {
		return s.reloadRest(l)
	}
	if known := len(s.boards.Views()); len(l.specs) == 0 && known > 0 {
		// An editor that truncates in place, or a file system that is not mounted, must not empty a rack.
		return &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("reload refused, nothing was changed: %s lists no boards, and there are %d", s.cfg.Boards, known),
			Remedy: "put the file right; to do without all boards, start the server again with the empty file"}
	}
	if err := s.reloadRest(l); err != nil {
		return err
	}
	if err := s.load(ctx, l.specs); err != nil {
		return fmt.Errorf("reload boards: %w", err)
	}
	return nil
}

// stillFit refuses a catalogue in which something of the API, which can be used now, could not be any more.
func (s *Server) stillFit(next *images.Catalogue) error {
	var problems strictyaml.Problems
	for _, u := range next.Unfit() {
		if _, _, ok := s.catalogue.Get().Find(u.Kind, u.Name); ok {
			problems.Add(u.Problems...)
		}
	}
	return problems.Err()
}

// reloadRest takes over all but the boards, which the inventory may have: its sync brings those.
func (s *Server) reloadRest(l lists) error {
	var keys [][]byte
	if s.cfg.Cluster.Enabled() {
		var err error
		if keys, err = member.ReadKeys(s.cfg.Cluster.Keys); err != nil {
			return refused(fmt.Errorf("cluster.keys: %w", err))
		}
	}
	if err := s.doors.reload(s.cfg); err != nil {
		return refused(err)
	}
	if keys != nil {
		if err := s.cluster.member.UseKeys(keys); err != nil {
			return fmt.Errorf("reload the keys of gossip: %w", err)
		}
	}
	s.publish(l.catalogue)
	s.webhooks.Revive()
	return nil
}

// refused is the answer to files that cannot be used, each problem on a line.
func refused(err error) error {
	return &actors.Problem{Kind: actors.BadRequest, Text: "reload refused, nothing was changed:\n" + err.Error(), Remedy: "correct the files, then reload again"}
}
