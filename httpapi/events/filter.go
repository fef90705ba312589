package events

import (
	"path"
	"slices"

	v1 "mozpool/httpapi/v1"
)

// Filter says which events are wanted; empty fields take all.
type Filter struct {
	Board  string   `yaml:"board"`  // a name; * and ? may stand in it
	Rack   string   `yaml:"rack"`   // a name
	States []string `yaml:"states"` // that boards enter; failed is all of failed_…
}

// Fits says whether an event is wanted.
func (f Filter) Fits(e v1.BoardEvent) bool {
	if f.Rack != "" && f.Rack != e.Rack {
		return false
	}
	if f.Board != "" {
		if ok, err := path.Match(f.Board, e.Board); err != nil || !ok {
			return false
		}
	}
	return len(f.States) == 0 || slices.Contains(f.States, string(e.To)) || e.To.Failed() && slices.Contains(f.States, "failed")
}
