package persistence

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"strings"
)

func loadAll(ctx context.Context, tx KV, prefix string) (all []Stored, err error) {
	var inputs []byte
	var bad error
	err = tx.Scan(boardPrefix(prefix), false, func(key, value []byte) bool {
		board, what := splitBoardKey(key)
		if what == 'i' { // sorts before its record
			inputs = value
			return true
		}
		h, record, err := decodeHead(value)
		if bad = cmp.Or(err, ctx.Err()); bad != nil {
			return false
		}
		all = append(all, Stored{Board: board, Seq: h.seq, Epoch: h.epoch, Record: record, Inputs: inputs})
		inputs = nil
		return true
	})
	return all, cmp.Or(err, bad)
}

func readEvents(tx KV, board string, limit int) (events []Event, err error) {
	err = tx.Scan(namedKey('e', board), false, func(_, value []byte) bool {
		events = append(events, Event{Seq: binary.BigEndian.Uint64(value), Data: value[8:]})
		return true
	})
	slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(a.Seq, b.Seq) })
	if limit > 0 && len(events) > limit {
		events = events[len(events)-limit:]
	}
	return events, err
}

func readAttempts(tx KV, board string, limit int) (attempts []Attempt, err error) {
	err = tx.Scan(namedKey('a', board), true, func(key, value []byte) bool {
		number := binary.BigEndian.Uint64(key[len(key)-8:])
		attempts = append(attempts, Attempt{Number: number, Summary: value})
		return len(attempts) != limit
	})
	return attempts, err
}

func readDocs(tx KV, kind, prefix string) (docs []Doc, err error) {
	from := append(namedKey('d', kind), prefix...)
	err = tx.Scan(from, false, func(key, value []byte) bool {
		name := strings.TrimSuffix(string(key[len(kind)+3:]), "\x00")
		docs = append(docs, Doc{Kind: kind, Name: name, Data: value})
		return true
	})
	return docs, err
}
