package board

import "maps"

// relabel sets the labels that people give a board. A lock keeps nobody from it: labels move nothing, as comments do.
// Their size is bounded, since the whole record is written at every transition.
func (s *step) relabel() {
	labels, size := relabelled(s.b.Labels, s.in.Labels)
	switch {
	case size > maxLabels:
		s.refuse("take labels off, shorten them, or give them in the inventory", "its labels would have %d bytes, and %d fit", size, maxLabels)
	case maps.Equal(labels, s.b.Labels):
		s.r.Verdict = Repeated
	default:
		s.own()
		s.b.Labels = labels
		s.r.Store = true
	}
}

// relabelled are labels with the changes made, and the bytes that they have; nil: there are none.
func relabelled(labels map[string]string, changes map[string]*string) (map[string]string, int) {
	out, size := map[string]string{}, 0
	maps.Copy(out, labels)
	for key, value := range changes {
		if value == nil {
			delete(out, key)
		} else {
			out[key] = *value
		}
	}
	for key, value := range out {
		size += len(key) + len(value)
	}
	if len(out) == 0 {
		out = nil
	}
	return out, size
}
