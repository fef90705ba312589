package httpapi

import (
	"strconv"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// showBoard shows one board. The ETag is its visit, for the If-Match of a set-state; the same visit may come with
// newer evidence, so it is not for caching.
func (s *Server) showBoard(r *request) error {
	s.freshen(r, r.name)
	v, err := s.find(r.name)
	if err != nil {
		return err
	}
	data, err := s.shown.of(v)
	if err != nil {
		return err
	}
	setETag(r, v.Board.Visit)
	r.raw.SetContentType("application/json")
	r.raw.SetBody(data) // copied
	return nil
}

// freshen has a reader see what was answered before, on a server that hears of it later.
func (s *Server) freshen(r *request, name string) {
	if late, ok := s.cfg.Fleet.(LateFleet); ok {
		late.Freshen(r.ctx, name)
	}
}

func (s *Server) find(name string) (*actors.View, error) {
	if v := s.cfg.Fleet.ByName(name); v != nil {
		return v, nil
	}
	return nil, actors.NoBoard(name, s.cfg.Fleet.Views())
}

func setETag(r *request, visit uint64) {
	text := make([]byte, 0, 24)
	text = append(strconv.AppendUint(append(text, '"'), visit, 10), '"')
	r.raw.Response.Header.SetCanonical(etag, text)
}

var etag = []byte("ETag")

// boardOf is how the API shows a board.
func boardOf(v *actors.View) v1.Board {
	sp, b := &v.Spec, &v.Board
	out := v1.Board{
		Name: sp.Name, ID: sp.ID, Rack: sp.Rack, Hardware: sp.Hardware, MAC: sp.MAC.String(), Address: addressOf(v), Place: sp.Place, Console: sp.ConsoleURL(),
		State: b.State, Since: milli(b.Since), Deadline: milliOrNil(b.Deadline), Visit: b.Visit, Attempt: b.Attempt, Boot: b.Boot,
		Wish: b.Want, Image: imageOf(b), WaitingFor: b.WaitingFor, Blame: b.Blame, Labels: v.Labels(), Comment: b.Comment,
		Power: string(b.Power), Switch: sp.Power, Queue: v.Queue, AsOf: timeOrNil(v.AsOf),
		Evidence: evidenceOf(b.Evidence),
	}
	if out.Labels == nil {
		out.Labels = map[string]string{}
	}
	if b.Power == board.PowerUnknown {
		out.Power = "unknown"
	}
	if b.Lock != nil {
		out.Lock = &v1.Lock{Who: b.Lock.Who, Why: b.Lock.Why, Until: milliOrNil(b.Lock.Until)}
	}
	if h := v.Health; h != (actors.Health{}) {
		out.Health = &v1.Health{At: timeOrNil(h.At), OK: h.OK && !h.At.IsZero(), Text: h.Text}
	}
	if l := v.Listed; l != nil {
		out.Listed = &v1.Listed{MAC: l.MAC.String(), Switch: l.Power, Source: l.Source}
	}
	if p := v.Progress; !p.At.IsZero() {
		out.Progress = &v1.Progress{Artifact: p.Artifact, Step: p.Step, Done: p.Done, Total: p.Total, At: p.At.UTC()}
	}
	return out
}

// evidenceOf is nil where nothing was seen yet.
func evidenceOf(f board.Fact) *v1.Evidence {
	if f.Kind == "" {
		return nil
	}
	return &v1.Evidence{Kind: f.Kind, At: milli(f.At), Text: f.Text}
}

func addressOf(v *actors.View) string {
	if !v.Address.IsValid() {
		return ""
	}
	return v.Address.String()
}

// imageOf is the image that is being put on the card, or that failed to be; else the one that is known to be on it.
func imageOf(b *board.Board) string {
	if b.Image != "" && (b.Card == "" || !b.State.Rest() || b.State.Failed()) {
		return b.Image
	}
	return b.Card
}

func milli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func milliOrNil(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	t := milli(ms)
	return &t
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
