package board

import "time"

// Limit is how long a board may stay in state: the row's limit or, where there is one, the hardware type's or the
// image's. 0: as long as it likes.
func (r *Rules) Limit(state State) time.Duration {
	if d, ok := r.Limits[state]; ok && table[state].within > 0 {
		return r.scale(d)
	}
	return r.scale(table[state].within)
}

// StallLimit is how long nothing may move in state. 0: the state knows no stall.
func (r *Rules) StallLimit(state State) time.Duration {
	if table[state].stall > 0 && r.Stall > 0 {
		return r.scale(r.Stall)
	}
	return r.scale(table[state].stall)
}

// Silence is how long nothing may move in the board's visit: its state's stall limit, and at least searchTime where the
// limit was begun anew, for its script may be looking for another server. 0: the state knows no stall.
func (r *Rules) Silence(b *Board) time.Duration {
	d := r.StallLimit(b.State)
	if d > 0 && b.Free {
		d = max(d, r.scale(searchTime))
	}
	return d
}

// TriesOf is how many visits of state may fail in one attempt. 0: the state spends no tries.
func (r *Rules) TriesOf(state State) int {
	row := table[state]
	if r.Tries > 0 && row.tries == defaultTries {
		return int(r.Tries)
	}
	return int(row.tries)
}

func (r *Rules) scale(d time.Duration) time.Duration {
	if r.Speed > 0 {
		return time.Duration(float64(d) / r.Speed)
	}
	return d
}
