package actors

import "mozpool/actors/board"

// doubt is a relay to which an "off" was sent, and nobody knows whether it was done. It is driven to what the record
// says by now, so that no board stays dark for an exchange that broke.
type doubt struct {
	op    *powerOp
	tries int
}

// doubtTries are made to settle a doubt. A relay that follows none of them is stuck, and is told about.
const doubtTries = 5

func (a *relayActor) doubtful(o *powerOp) {
	if o.sw.Cycles {
		return // it gives the power back by itself
	}
	if o.do != board.MakeOff && (o.order == nil || o.order.do != RelayCycle) {
		return
	}
	if _, known := a.doubt[o.sw]; !known {
		a.doubt[o.sw] = doubt{op: o}
	}
}

// settleDoubts queues what brings relays back to the record, where no visit does.
func (a *relayActor) settleDoubts() {
	for sw, d := range a.doubt {
		if a.line.has(sw) {
			continue
		}
		if d.tries++; d.tries > doubtTries {
			a.f.log.Error("a relay does not follow", "relay", sw.String(), "board", d.op.name, "error", a.st.err)
			delete(a.doubt, sw)
			continue
		}
		a.doubt[sw] = d
		a.line.add(&powerOp{do: a.f.recorded(d.op.id), sw: sw, id: d.op.id, name: d.op.name, rack: d.op.rack, settle: true, gap: d.op.gap})
	}
}

// recorded is what the record says of a board's power. A board that is gone, or that nobody has cut, has power.
func (f *Fleet) recorded(id string) board.Do {
	if v := f.ByID(id); v != nil && v.Board.Power == board.PowerOff {
		return board.MakeOff
	}
	return board.MakeOn
}

// has says whether something waits for the relay.
func (l *line) has(sw Switch) bool {
	for _, o := range l.ops {
		if o.sw.same(sw) {
			return true
		}
	}
	return false
}
