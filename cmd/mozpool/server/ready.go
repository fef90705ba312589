package server

import (
	"context"
	"time"
)

// readyLimit is how long the disk may take to answer before the server calls itself not ready. A monitor that asks
// /readyz waits for it.
const readyLimit = 2 * time.Second

// notReady says why nothing new can be taken on now: a journal that stores nothing, because its disk is full or broken
// or its folder is gone. Boards that are being imaged go on as far as no transition is needed.
func (s *Server) notReady() []string {
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	if err := s.journal.Ready(ctx); err != nil {
		return []string{err.Error()}
	}
	return nil
}
