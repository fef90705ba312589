package house

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"mozpool/actors"
	"mozpool/cluster/ask"
)

const aboutMoments = "moments" // details that a server has of an attempt

// attemptOf names an attempt of a board.
type attemptOf struct {
	Name    string `json:"name"`
	Attempt uint32 `json:"attempt"`
}

// Moments are all that happened in an attempt of a board, in the order of the times. Details stay where they were made,
// and an attempt may have had several servers: all are asked. One that does not answer within a second is left out.
func (h *House) Moments(ctx context.Context, name string, attempt uint32) ([]actors.Moment, error) {
	all, err := h.shown(name).Moments(ctx, name, attempt)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, gather)
	defer cancel()
	body, err := json.Marshal(attemptOf{name, attempt})
	if err != nil {
		return nil, fmt.Errorf("ask for attempt %d of board %s: %w", attempt, name, err)
	}
	var mu sync.Mutex
	var asked sync.WaitGroup
	for _, server := range h.cfg.Peers.Others() {
		asked.Go(func() {
			var r reply
			err := h.cfg.Peers.Ask(ctx, server, ask.Question{Subject: aboutMoments, Body: body}, &r)
			if err == nil {
				err = r.err()
			}
			if err != nil {
				h.log.Info("cluster: what a server knows of an attempt is left out", "server", server, "board", name, "attempt", attempt, "error", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, r.Moments...)
		})
	}
	asked.Wait()
	slices.SortStableFunc(all, func(a, b actors.Moment) int { return a.At.Compare(b.At) })
	return all, nil
}

// momentsHere answers another server.
func (h *House) momentsHere(ctx context.Context, body []byte) (r reply) {
	var of attemptOf
	if err := json.Unmarshal(body, &of); err != nil {
		return reply{Error: fmt.Sprintf("read which attempt is asked for: %v", err)}
	}
	var err error
	r.Moments, err = h.shown(of.Name).Moments(ctx, of.Name, of.Attempt)
	r.fail(err)
	return r
}
