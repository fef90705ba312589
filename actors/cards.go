package actors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence"
)

// cardWrite is one writing of a board's card that ended with a read-back.
type cardWrite struct {
	At      time.Time `json:"at"`
	Bytes   int64     `json:"bytes"`
	Seconds float64   `json:"seconds"`
	Bad     bool      `json:"bad,omitempty"`     // it read back otherwise, or refused writes
	Skipped int64     `json:"skipped,omitempty"` // of Bytes: the card had them, so that they were only read

	Wear *board.Wear `json:"wear,omitempty"` // what the card says of itself; nil: nothing
}

// speed is in MB/s; 0: not known, as where the time went into comparing.
func (w cardWrite) speed() float64 {
	if w.Seconds <= 0 || w.Bad || w.Skipped > 0 {
		return 0
	}
	return float64(w.Bytes) / w.Seconds / 1e6
}

// String says how it went, for a board's log.
func (w cardWrite) String() string {
	text := fmt.Sprintf("card: %.1f MB in %.0f s", float64(w.Bytes-w.Skipped)/1e6, w.Seconds)
	switch {
	case w.Bad:
		return text + ", and it did not keep them"
	case w.Skipped > 0:
		return text + fmt.Sprintf("; it had %.1f MB already", float64(w.Skipped)/1e6)
	}
	return text + fmt.Sprintf(", %.1f MB/s", w.speed())
}

const (
	cardDocs   = "card"
	keptWrites = 30 // of a card
	cardRecent = 3  // writes whose median is compared with that of those before
	cardBefore = 5  // as many are needed before them
	cardSlower = 2  // times slower than before is worn out
	cardBadOf  = 10 // among so many of the last writes
	cardBad    = 2  // as many bad ones are worn out
)

// judgeCard says what is wrong with a card by its writes, oldest first; empty: nothing that shows. Cards wear out slowly,
// and are told before they fail a board for good.
func judgeCard(writes []cardWrite) string {
	bad := 0
	last := writes[max(0, len(writes)-cardBadOf):]
	for _, w := range last {
		if w.Bad {
			bad++
		}
	}
	if len(last) > 0 {
		if text := last[len(last)-1].Wear.Says(); text != "" {
			return text
		}
	}
	if bad >= cardBad {
		return fmt.Sprintf("its card did not keep what was written in %d of its last %d writes", bad, len(last))
	}
	var speeds []float64
	for _, w := range writes {
		if s := w.speed(); s > 0 {
			speeds = append(speeds, s)
		}
	}
	if len(speeds) < cardBefore+cardRecent {
		return ""
	}
	before, now := median(speeds[:len(speeds)-cardRecent]), median(speeds[len(speeds)-cardRecent:])
	if now*cardSlower > before {
		return ""
	}
	return fmt.Sprintf("its card writes %.1f MB/s, and wrote %.1f before", now, before)
}

func median(all []float64) float64 {
	s := slices.Sorted(slices.Values(all))
	return s[len(s)/2]
}

// cards are what is known of the cards of boards.
type cards struct {
	mu   sync.Mutex // of the documents, one change at a time
	worn sync.Map   // id of a board: what is wrong with its card
}

// loadCards judges the cards anew, after a start.
func (f *Fleet) loadCards(ctx context.Context) error {
	docs, err := f.cfg.Journal.ListDocs(ctx, cardDocs, "")
	if err != nil {
		return fmt.Errorf("load what is known of cards: %w", err)
	}
	for _, d := range docs {
		var writes []cardWrite
		if err := json.Unmarshal(d.Data, &writes); err != nil {
			return fmt.Errorf("what is known of the card of %s: %w", d.Name, err)
		}
		if text := judgeCard(writes); text != "" {
			f.cards.worn.Store(d.Name, text)
		}
	}
	return nil
}

// wrote looks whether a change ended a writing of the board's card, and notes how it went.
func (a *boardActor) wrote(from *board.Board, in *board.Input) {
	if from.State != board.Writing || from.Visit == a.b.Visit || a.inputs == nil || a.inputs.Bytes == 0 {
		return
	}
	w := cardWrite{At: a.f.now().UTC(), Bytes: a.inputs.Bytes, Seconds: a.f.now().Sub(time.UnixMilli(from.Since)).Seconds() * a.f.cfg.Speed}
	switch {
	case in.Kind == board.Rebooting:
		w.Bad, w.Wear, w.Skipped = !in.Good, in.Wear, min(in.Skipped, w.Bytes)
	case in.Kind == board.ScriptFailed && in.Part == board.PartCard:
		w.Bad = true
	default:
		return // nobody knows how far it came
	}
	f, id, name := a.f, a.c.id, a.spec.Name
	f.cfg.Metrics.wrote(a.spec.Rack, w)
	f.line(name, "statemachine", 6, w.String())
	f.aside.Go(func() { f.noteWrite(id, name, w) })
}

// noteWrite keeps a write, and tells once when a card begins to wear out.
func (f *Fleet) noteWrite(id, name string, w cardWrite) {
	f.cards.mu.Lock()
	defer f.cards.mu.Unlock()
	ctx, cancel := context.WithTimeout(f.ctx, commitLimit)
	defer cancel()
	var writes []cardWrite
	d, err := f.cfg.Journal.GetDoc(ctx, cardDocs, id)
	if err == nil {
		err = json.Unmarshal(d.Data, &writes)
	} else if errors.Is(err, persistence.ErrNotFound) {
		err = nil
	}
	if err == nil {
		writes = append(writes, w)
		writes = writes[max(0, len(writes)-keptWrites):]
		var data []byte
		if data, err = json.Marshal(writes); err == nil {
			err = f.cfg.Journal.PutDoc(ctx, persistence.Doc{Kind: cardDocs, Name: id, Data: data})
		}
	}
	if err != nil {
		if f.ctx.Err() == nil {
			f.log.Warn("how a card was written is not kept", "board", name, "error", err)
		}
		return
	}
	text := judgeCard(writes)
	if text == "" {
		f.cards.worn.Delete(id)
		return
	}
	if _, known := f.cards.worn.Swap(id, text); !known {
		f.log.Warn("a card wears out", "board", name, "text", text)
		f.line(name, "statemachine", 4, text)
	}
}

// wornCard is what is wrong with a board's card; empty: nothing that shows.
func (f *Fleet) wornCard(id string) string {
	v, _ := f.cards.worn.Load(id)
	text, _ := v.(string)
	return text
}

// newCard forgets what is known of a board's card.
func (f *Fleet) newCard(ctx context.Context, id string) error {
	f.cards.mu.Lock()
	defer f.cards.mu.Unlock()
	f.cards.worn.Delete(id)
	return f.cfg.Journal.DeleteDoc(ctx, cardDocs, id)
}
