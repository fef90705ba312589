package house

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"mozpool/actors"
)

const (
	aboutMoments = "moments" // details that a server has of an attempt
	aboutDetails = "details" // what figures are made of, of many attempts
	// detailsAtOnce attempts are asked for in one question: the answer has a bound, and the longest attempt takes 16 kB of it.
	detailsAtOnce = 100
	// gatherDetails bounds how long the report waits for one such answer: so many files may have to come from a slow disk.
	gatherDetails = 5 * time.Second
)

// Moments are all that happened in an attempt of a board, in the order of the times. Details stay where they were made,
// and an attempt may have had several servers: all are asked. One that does not answer within a second is left out.
func (h *House) Moments(ctx context.Context, name string, attempt uint32) ([]actors.Moment, error) {
	all, _, err := h.MomentsOfAll(ctx, name, attempt)
	return all, err
}

// MomentsOfAll is Moments, and names the servers that were left out.
func (h *House) MomentsOfAll(ctx context.Context, name string, attempt uint32) (all []actors.Moment, missing []string, err error) {
	all, err = h.shown(name).Moments(ctx, name, attempt)
	if err != nil {
		return nil, nil, err
	}
	of := actors.AttemptOf{Board: name, Attempt: attempt}
	missing = h.askAll(ctx, h.cfg.Peers.Others(), gather, aboutMoments, of, func(r *reply) { all = append(all, r.Moments...) })
	slices.SortStableFunc(all, byTime)
	return all, missing, nil
}

func byTime(a, b actors.Moment) int { return a.At.Compare(b.At) }

// Details are the details of attempts from all servers.
func (h *House) Details(ctx context.Context, of []actors.AttemptOf) ([]actors.Details, error) {
	all, _, err := h.DetailsOfAll(ctx, of)
	return all, err
}

// DetailsOfAll are the details of attempts from all servers. missing did not answer, or not all of it.
func (h *House) DetailsOfAll(ctx context.Context, of []actors.AttemptOf) (all []actors.Details, missing []string, err error) {
	sheets := make(map[actors.AttemptOf][]actors.Moment, len(of))
	add := func(some []actors.Details) {
		for _, d := range some {
			sheets[d.AttemptOf] = append(sheets[d.AttemptOf], d.Moments...)
		}
	}
	here, err := h.all.Load().Details(ctx, of)
	if err != nil {
		return nil, nil, err
	}
	add(here)
	others := h.cfg.Peers.Others()
	for part := range slices.Chunk(of, detailsAtOnce) {
		silent := h.askAll(ctx, others, gatherDetails, aboutDetails, part, func(r *reply) { add(r.Details) })
		missing = append(missing, silent...)
		others = slices.DeleteFunc(slices.Clone(others), func(s string) bool { return slices.Contains(silent, s) }) // nobody waits for it twice
	}
	for _, o := range of {
		if moments := sheets[o]; len(moments) > 0 {
			slices.SortStableFunc(moments, byTime)
			all = append(all, actors.Details{AttemptOf: o, Moments: moments})
		}
	}
	slices.Sort(missing)
	return all, missing, nil
}

// momentsHere answers another server.
func (h *House) momentsHere(ctx context.Context, body []byte) (r reply) {
	var of actors.AttemptOf
	if err := json.Unmarshal(body, &of); err != nil {
		return reply{Error: fmt.Sprintf("read which attempt is asked for: %v", err)}
	}
	var err error
	r.Moments, err = h.shown(of.Board).Moments(ctx, of.Board, of.Attempt)
	r.fail(err)
	return r
}

// detailsHere answers another server.
func (h *House) detailsHere(ctx context.Context, body []byte) (r reply) {
	var of []actors.AttemptOf
	if err := json.Unmarshal(body, &of); err != nil {
		return reply{Error: fmt.Sprintf("read which attempts are asked for: %v", err)}
	}
	var err error
	r.Details, err = h.all.Load().Details(ctx, of)
	r.fail(err)
	return r
}
