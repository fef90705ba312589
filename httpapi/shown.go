package httpapi

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
	"sync/atomic"

	"mozpool/actors"
)

// shownSlots bounds what is remembered, at about 1 KB each.
const shownSlots = 4096

// shownBoards remembers how boards were encoded last: half of what a read costs. A view never changes and a change is
// another view, so comparing pointers is all it takes to never show an old one.
type shownBoards struct {
	seed  maphash.Seed
	slots [shownSlots]atomic.Pointer[shownBoard]
}

type shownBoard struct {
	view *actors.View
	json []byte
}

func newShownBoards() *shownBoards { return &shownBoards{seed: maphash.MakeSeed()} }

// of is a view as JSON, not to be changed.
func (s *shownBoards) of(v *actors.View) ([]byte, error) {
	slot := &s.slots[maphash.String(s.seed, v.Spec.Name)%shownSlots]
	if b := slot.Load(); b != nil && b.view == v {
		return b.json, nil
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(boardOf(v)); err != nil {
		return nil, err
	}
	slot.Store(&shownBoard{v, out.Bytes()})
	return out.Bytes(), nil
}
