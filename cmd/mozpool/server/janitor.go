package server

import (
	"context"
	"fmt"
	"path"
	"path/filepath"

	"mozpool/netboot/images"
	"mozpool/netboot/images/janitor"
)

// openJanitor makes the one who clears the store. It has to hear of every file that somebody is about to use.
func (s *Server) openJanitor() {
	s.janitor = janitor.New(janitor.Config{Dir: filepath.Join(s.cfg.Data, "store"), Uploads: s.uploads, Keep: s.cfg.Store.KeepUnused.Std(),
		Hold: s.holdImages, Uses: s.storeUses, Cleared: func() { s.catalogue.Get().Forget() },
		Metrics: janitor.NewMetrics(s.registry), Clock: s.opts.Clock, Logger: s.log})
	s.uploads.OnTouch(func(sum string) { s.janitor.Touch(path.Join(images.UploadFolder, sum)) })
}

// holdImages keeps images as they are. It does not wait for one that is being looked at, which may take as long as
// unpacking it.
func (s *Server) holdImages() (release func(), ok bool) {
	if !s.library.changing.TryLock() {
		return nil, false
	}
	return s.library.changing.Unlock, true
}

// storeUses is who uses what of the store, on this server: its images, what the API brought and cannot be used here as
// things are, and what running attempts pinned, in a cluster those of all servers. A server that cannot store anything, or
// is not with most of its cluster, may not have heard of all, and does not know.
func (s *Server) storeUses(ctx context.Context) (u janitor.Uses, err error) {
	if err := s.journal.Ready(ctx); err != nil {
		return u, err
	}
	entries, err := s.entries(ctx)
	if err != nil {
		return u, err
	}
	c := s.catalogue.Get()
	u = janitor.Uses{Images: c.StoreUses(), Boards: map[string][]string{}, Others: map[string]bool{}, Origins: c.Origins()}
	for _, e := range entries {
		for _, p := range e.Uploads() {
			u.Others[p] = true
		}
	}
	for _, v := range s.boards.Views() {
		if v.Board.State.Rest() || v.Inputs == nil {
			continue
		}
		o, ok := v.Inputs.Order.(*images.Order)
		if !ok {
			return u, fmt.Errorf("what board %s needs is not known", v.Spec.Name)
		}
		for _, p := range append(o.StorePaths(), o.Copies()...) {
			u.Boards[p] = append(u.Boards[p], v.Spec.Name)
		}
	}
	return u, nil
}
