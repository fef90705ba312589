package actors

import (
	"context"

	"mozpool/actors/board"
)

// ForeseeWish says what would become of a wish as things are, and does nothing. The board may have moved on by the time
// that it is asked.
func (f *Fleet) ForeseeWish(ctx context.Context, name string, r Request) (Answer, error) {
	p, err := f.plan(ctx, name, r)
	if err != nil || p.answered != nil {
		return p.said(), err
	}
	return f.foresee(p.v, p.in)
}

// ForeseeOrder does the same for an order.
func (f *Fleet) ForeseeOrder(name string, o Order) (Answer, error) {
	v, in, err := f.orderFor(name, o)
	if err != nil {
		return Answer{}, err
	}
	return f.foresee(v, in)
}

// foresee asks the table, which is a function. An answer that is no refusal shows the board as it is now.
func (f *Fleet) foresee(v *View, in board.Input) (Answer, error) {
	in.Now, in.Rules = f.now(), &board.Rules{Speed: f.cfg.Speed}
	if sw, err := f.switchOf(v.Spec); err != nil {
		in.Rules.Powerless = err.Error()
	} else {
		in.Rules.Manual, in.Rules.CyclesOnly = sw.Manual(), sw.Cycles
	}
	a, err := answerOf(v.Spec.Name, board.Step(v.Board, in))
	if err != nil {
		return a, err
	}
	return Answer{Board: v.Spec.Name, Attempt: v.Board.Attempt, State: v.Board.State, Visit: v.Board.Visit, Repeated: a.Repeated}, nil
}
