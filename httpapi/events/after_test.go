package events

import (
	"testing"

	v1 "mozpool/httpapi/v1"
)

// Whatever Last-Event-ID says, who asks gets what came after that event, or is told that it cannot be known.
func FuzzAfter(f *testing.F) {
	for _, s := range []string{"", "-", "x-1", "-1", "--1", "run-99999999999999999999"} {
		f.Add(s, uint8(1))
	}
	h := newHub(4)
	for range 6 {
		h.Publish(v1.BoardEvent{})
	}
	if h.next != 7 || len(h.ring) != 4 {
		f.Fatalf("the next is %d of %d", h.next, len(h.ring))
	}
	f.Fuzz(func(t *testing.T, text string, n uint8) {
		for _, id := range []string{text, h.id(uint64(n)), h.run + "-" + text} {
			r, ok := h.After(id)
			e, lost, more := r.Next()
			switch {
			case !ok && (!more || lost != 2 || e.ID != h.id(3)):
				t.Errorf("%q is not known, and begins with %s after %d", id, e.ID, lost)
			case ok && more && lost == 0 && e.ID <= id:
				t.Errorf("%q is followed by %s", id, e.ID)
			case ok && !more && lost > 0:
				t.Errorf("after %q %d were lost, and nothing follows", id, lost)
			}
		}
	})
}
