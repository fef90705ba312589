package httpapi

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"mozpool/actors"
	"mozpool/httpapi/report"
)

const (
	reportSpan = 7 * 24 * time.Hour // how far back a report goes unless the client says
	reportDays = 366                // how far back it can go
)

// report tells how boards fared: as JSON, as a page, or as text.
func (s *Server) report(r *request) error {
	now := s.cfg.Clock()
	since, err := readTime("since", r.query.text("since"), now, reportDays)
	if err != nil {
		return err
	}
	if since.IsZero() {
		since = now.Add(-reportSpan)
	}
	if since.After(now) || now.Sub(since) > reportDays*24*time.Hour {
		return bad("send a time of the last year", "since is %s", since.UTC().Format(time.RFC3339))
	}
	boards, err := s.reported(r, r.query.text("rack"))
	if err != nil {
		return err
	}
	missing, err := s.addDetails(r, boards, since)
	if err != nil {
		return err
	}
	made := report.Make(boards, since, now)
	made.Missing = some(missing)
	var page bytes.Buffer
	switch accept := r.header("Accept"); {
	case strings.HasPrefix(accept, "text/html"):
		r.raw.SetContentType("text/html; charset=utf-8")
		err = report.HTML(&page, made)
	case wantsText(accept):
		r.raw.SetContentType("text/plain; charset=utf-8")
		err = report.Text(&page, made)
	default:
		return s.ok(r, made)
	}
	r.raw.SetBody(page.Bytes())
	return err
}

// reported gathers the boards of a rack, or all, with what is kept of their past.
func (s *Server) reported(r *request, rack string) ([]report.Board, error) {
	relays := map[string]string{}
	for _, relay := range s.cfg.Fleet.Relays() {
		for _, name := range relay.Boards {
			relays[name] = relay.Name
		}
	}
	var boards []report.Board
	for _, v := range s.cfg.Fleet.Views() {
		if rack != "" && v.Spec.Rack != rack {
			continue
		}
		b, err := s.pastOf(r, v)
		if err != nil && s.cfg.Fleet.ByName(v.Spec.Name) == nil {
			continue // taken out of the inventory just now
		}
		if err != nil {
			return nil, err
		}
		b.Relay = relays[b.Name]
		boards = append(boards, b)
	}
	return boards, nil
}

func (s *Server) pastOf(r *request, v *actors.View) (b report.Board, err error) {
	b.Name, b.Hardware = v.Spec.Name, v.Spec.Hardware
	if b.Attempts, err = s.cfg.Fleet.Attempts(r.ctx, b.Name, maxAttempts); err != nil {
		return b, err
	}
	b.Events, err = s.cfg.Fleet.History(r.ctx, b.Name, 0)
	return b, err
}

// detailsRead is how many attempts' details a report reads at most: a file each, so that a large fleet's report does not
// keep the disk busy for minutes. The history of boards tells of the others.
const detailsRead = 1000

// addDetails gives boards the details of the latest attempts, and names the servers that did not say what they have.
func (s *Server) addDetails(r *request, boards []report.Board, since time.Time) (missing []string, err error) {
	type ended struct {
		board *report.Board
		at    time.Time
		of    actors.AttemptOf
	}
	var latest []ended
	for i := range boards {
		b := &boards[i]
		for _, a := range b.Attempts {
			if !a.Ended.Before(since) {
				latest = append(latest, ended{b, a.Ended, actors.AttemptOf{Board: b.Name, Attempt: a.Number}})
			}
		}
	}
	slices.SortFunc(latest, func(a, b ended) int { return b.at.Compare(a.at) })
	latest = latest[:min(len(latest), detailsRead)]
	of, owner := make([]actors.AttemptOf, len(latest)), make(map[string]*report.Board, len(boards))
	for i, l := range latest {
		of[i], owner[l.of.Board] = l.of, l.board
	}
	var all []actors.Details
	if spread, ok := s.cfg.Fleet.(SpreadFleet); ok {
		all, missing, err = spread.DetailsOfAll(r.ctx, of)
	} else {
		all, err = s.cfg.Fleet.Details(r.ctx, of)
	}
	for _, d := range all {
		b := owner[d.Board]
		if b.Details == nil {
			b.Details = make(map[uint32][]actors.Moment)
		}
		b.Details[d.Attempt] = d.Moments
	}
	return missing, err
}
