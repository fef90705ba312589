package mozpool1

import (
	"errors"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/persistence"
)

// boards lists names, or with details everything, as in 2012.
func (c *call) boards() (any, error) { return listed(c, "boards", c.boardOf) }

type statusOf2012 struct {
	Status string `json:"status"`
	Log    []line `json:"log"`
}

func (c *call) boardStatus() (any, error) {
	v, err := c.board()
	if err != nil {
		return nil, err
	}
	lines, err := c.lines(persistence.Filter{Board: v.Spec.Name, Tail: statusLines})
	return statusOf2012{stateOf(v), lines}, err
}

// boardSays is how a board's script of 2012 reports; the answer is what it sent. What is no event of ours was a word
// for people and moves nothing.
func (c *call) boardSays() (any, error) {
	v, err := c.mine()
	if err != nil {
		return nil, err
	}
	o, err := c.object()
	if err != nil {
		return nil, err
	}
	name, err := text(o, "status")
	if err != nil {
		return nil, err
	}
	if kind, ok := actors.OldEvent(name); ok {
		return o, c.hear(v, kind, name)
	}
	return o, nil
}

func (c *call) boardConfig() (any, error) {
	v, err := c.board()
	if err != nil {
		return nil, err
	}
	return map[string]any{"config": bootConfig(v)}, nil
}

func (c *call) reboot() (any, error) {
	v, err := c.mine()
	if err != nil {
		return nil, err
	}
	return nil, c.wish(v, actors.Request{Want: board.WantPowerCycle})
}

// boot puts an image on the board; the body is its configuration.
func (c *call) boot() (any, error) {
	v, err := c.mine()
	if err != nil {
		return nil, err
	}
	o, err := c.object()
	if err != nil {
		return nil, err
	}
	config, err := configOf(o)
	if err != nil {
		return nil, err
	}
	return nil, c.wish(v, c.imageWish(v, c.args[1], config))
}

// bootComplete has nothing to do, as clearPXE has not.
func (c *call) bootComplete() (any, error) {
	_, err := c.mine()
	return nil, err
}

// conflict is what the old API says of a board that moved between two looks: 409, for it knows no 412.
func conflict(err error) error {
	var p *actors.Problem
	if errors.As(err, &p) && p.Kind == actors.Mismatch {
		return problem(actors.Refused, p.Remedy, "%s", p.Text)
	}
	return err
}
