package actors

import (
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"mozpool/actors/board"
)

// What a later version stores, with fields that this one does not know, is read as far as it is known.
func TestLaterVersions(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_760_000_000_000).UTC()
	from := board.NewBoard(now)
	to := from
	to.State, to.Attempt, to.Began = board.Ready, 7, now.UnixMilli()
	r := &board.Result{Board: to}
	longer := func(data []byte) []byte {
		t.Helper()
		var fields []any
		if err := cbor.Unmarshal(data, &fields); err != nil {
			t.Fatal(err)
		}
		return encode(append(fields, "of a later version", map[string]int{"too": 1}))
	}
	for _, stored := range [][]byte{event(from, board.Writes, r, now), longer(event(from, board.Writes, r, now))} {
		if e, err := decodeEvent(stored); err != nil || e.At != now || e.To != board.Ready || e.By != board.Writes || e.Attempt != 7 {
			t.Errorf("%+v, %v", e, err)
		}
	}
	for _, stored := range [][]byte{summary(from, r, now), longer(summary(from, r, now))} {
		if a, err := decodeAttempt(7, stored); err != nil || a.Number != 7 || a.Ended != now || a.Result != board.Ready {
			t.Errorf("%+v, %v", a, err)
		}
	}
	var keyed map[int]any
	if err := cbor.Unmarshal(encode(to), &keyed); err != nil {
		t.Fatal(err)
	}
	keyed[99] = "of a later version"
	if b, err := decodeBoard(encode(keyed)); err != nil || b.State != board.Ready || b.Attempt != 7 {
		t.Errorf("%+v, %v", b, err)
	}
	for _, bad := range [][]byte{nil, {0x80}, {0xa0}, encode("text"), encode([]any{"too", "short"})} {
		if e, err := decodeEvent(bad); err == nil {
			t.Errorf("% x is the event %+v", bad, e)
		}
	}
}
