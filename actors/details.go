package actors

import (
	"context"
	"fmt"

	"mozpool/actors/board"
)

// AttemptOf names an attempt of a board.
type AttemptOf struct {
	Board   string `json:"name"`
	Attempt uint32 `json:"attempt"`
}

// Details are the transitions of an attempt and the answers of its relay, the oldest first, without their texts: what
// figures over many attempts are made of.
type Details struct {
	AttemptOf
	Moments []Moment `json:"moments"`
}

// Details are the details of attempts that have any (any more), in the order of the question. A board that was taken out
// of the inventory has none.
func (f *Fleet) Details(ctx context.Context, of []AttemptOf) ([]Details, error) {
	var all []Details
	for _, o := range of {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read the details of %d attempts: %w", len(of), err)
		}
		if f.ByName(o.Board) == nil {
			continue
		}
		moments, err := f.Moments(ctx, o.Board, o.Attempt)
		if err != nil {
			return nil, err
		}
		if kept := brief(moments); len(kept) > 0 {
			all = append(all, Details{o, kept})
		}
	}
	return all, nil
}

// brief leaves out what is no transition and no answer of a relay, and all texts.
func brief(moments []Moment) []Moment {
	var kept []Moment
	for _, m := range moments {
		if m.What == MomentMove || answer(m) {
			kept = append(kept, Moment{At: m.At, What: m.What, Visit: m.Visit, Boot: m.Boot, Kind: m.Kind, Took: m.Took, From: m.From, To: m.To, Part: m.Part})
		}
	}
	return kept
}

// answer says whether a moment is what a relay answered to an order.
func answer(m Moment) bool {
	return m.What == MomentInput && m.Took > 0 && (m.Kind == board.PowerIsOff || m.Kind == board.PowerIsOn)
}
