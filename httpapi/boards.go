package httpapi

import (
	"slices"
	"strings"

	"mozpool/actors"
	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

const (
	pageBoards = 500 // boards of a page unless the client says how many
	maxBoards  = 5000
)

// listBoards shows a page of boards in the order of their names. Boards that come or go between two pages disturb
// nothing: the cursor is a name, not a number.
func (s *Server) listBoards(r *request) error {
	want, err := readFilter(r.query)
	if err != nil {
		return err
	}
	limit, err := r.query.number("limit", pageBoards, maxBoards)
	if err != nil {
		return err
	}
	s.freshen(r, "")
	views := s.cfg.Fleet.Views()
	if cursor := r.query.text("cursor"); cursor != "" {
		after, err := openCursor(cursor)
		if err != nil {
			return err
		}
		i, found := slices.BinarySearchFunc(views, after, func(v *actors.View, name string) int { return strings.Compare(v.Spec.Name, name) })
		if found {
			i++
		}
		views = views[i:]
	}
	return s.ok(r, pageOf(views, want, limit))
}

func pageOf(views []*actors.View, want filter, limit int) v1.Boards {
	page := v1.Boards{Boards: []v1.Board{}}
	for _, v := range views {
		if !want.fits(v) {
			continue
		}
		if len(page.Boards) == limit {
			page.Next = packCursor(page.Boards[limit-1].Name)
			break
		}
		page.Boards = append(page.Boards, boardOf(v))
	}
	return page
}

// filter says which boards are wanted; empty fields take all.
type filter struct {
	rack   string
	image  string
	text   string // in lower case
	states []string
	labels []string // key or key=value; all must fit
}

func readFilter(q query) (filter, error) {
	f := filter{rack: q.text("rack"), image: q.text("image"), text: strings.ToLower(q.text("text")), labels: q["label"]}
	if text := q.text("state"); text != "" {
		f.states = strings.Split(text, ",")
	}
	for _, st := range f.states {
		if st != "failed" && !board.State(st).Valid() {
			return f, bad("use names of states, separated by commas, or failed for all of failed_…", "%q is no state", st)
		}
	}
	return f, nil
}

func (f filter) fits(v *actors.View) bool {
	return (f.rack == "" || v.Spec.Rack == f.rack) &&
		(f.image == "" || imageOf(&v.Board) == f.image) &&
		(len(f.states) == 0 || slices.ContainsFunc(f.states, func(s string) bool { return inState(v.Board.State, s) })) &&
		!slices.ContainsFunc(f.labels, func(l string) bool { return !hasLabel(v.Labels(), l) }) &&
		(f.text == "" || mentions(v, f.text))
}

func inState(s board.State, name string) bool {
	return string(s) == name || name == "failed" && s.Failed()
}

func hasLabel(labels map[string]string, want string) bool {
	key, value, exact := strings.Cut(want, "=")
	have, ok := labels[key]
	return ok && (!exact || have == value)
}

// mentions says whether a text stands anywhere in what people know a board by.
func mentions(v *actors.View, text string) bool {
	in := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	sp := &v.Spec
	if in(sp.Name) || in(sp.ID) || in(string(sp.MAC)) || in(sp.Place) || in(sp.Power) || in(v.Board.Comment) || in(addressOf(v)) {
		return true
	}
	for k, l := range v.Labels() {
		if in(k) || in(l) {
			return true
		}
	}
	return false
}
