package server

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// remarks are what people should know of a server that does its work: racks that others may serve as well, but whose
// boards would not find this server by a service address.
func (s *Server) remarks() (all []string) {
	if s.cluster == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(s.cluster.follow)) {
		if err := s.cluster.follow[name]; err != nil && len(s.cfg.Racks[name].Servers) > 1 {
			all = append(all, fmt.Sprintf("take-over of rack %s: API only: %v", name, err))
		}
	}
	return all
}

// readyLimit is how long the disk may take to answer before the server calls itself not ready. A monitor that asks
// /readyz waits for it.
const readyLimit = 2 * time.Second

// notReady says why nothing new can be taken on now, or what is shown may be old: a journal that stores nothing, because
// its disk is full or broken or its folder is gone, or a copy of it that has not caught up. Boards that are being imaged go on as far as no transition is needed.
func (s *Server) notReady() []string {
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	if err := s.journal.Ready(ctx); err != nil {
		return []string{err.Error()}
	}
	if s.cluster != nil && !s.cluster.member.Leases().Current() {
		return []string{"this server has begun and not heard yet what was decided before; the age of what it shows is in as_of"}
	}
	return nil
}
