package mozpool1

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"mozpool/actors"
	"mozpool/persistence"
)

func (c *call) version() (any, error) { return map[string]string{"version": c.cfg.Version}, nil }

// devices lists names, or with details everything.
func (c *call) devices() (any, error) { return listed(c, "devices", c.deviceOf) }

func listed[T any](c *call, key string, shape func(*actors.View) T) (any, error) {
	details, err := c.flag("details")
	if err != nil {
		return nil, err
	}
	views := c.cfg.Fleet.Views()
	if !details {
		names := make([]string, len(views))
		for i, v := range views {
			names[i] = v.Spec.Name
		}
		return map[string]any{key: names}, nil
	}
	all := make([]T, len(views))
	for i, v := range views {
		all[i] = shape(v)
	}
	return map[string]any{key: all}, nil
}

func (c *call) flag(name string) (bool, error) {
	switch text := c.req.Query[name]; text {
	case "", "0", "false", "False":
		return false, nil
	case "1", "true", "True":
		return true, nil
	default:
		return false, problem(actors.BadRequest, "send 1 or 0", "the parameter %s is %q", name, text)
	}
}

const statusLines = 100 // of the log that comes with a status

type status struct {
	State string `json:"state"`
	Log   []line `json:"log"`
}

func (c *call) status() (any, error) {
	v, err := c.board()
	if err != nil {
		return nil, err
	}
	lines, err := c.lines(persistence.Filter{Board: v.Spec.Name, Tail: statusLines})
	return status{stateOf(v), lines}, err
}

// state needs no cache: boards are read from memory anyway.
func (c *call) state() (any, error) {
	v, err := c.board()
	if err != nil {
		return nil, err
	}
	return map[string]string{"state": stateOf(v)}, nil
}

// log shows all lines, or those of the last timeperiod seconds, or the last limit.
func (c *call) log() (any, error) {
	v, err := c.board()
	if err != nil {
		return nil, err
	}
	f := persistence.Filter{Board: v.Spec.Name, Tail: persistence.MaxLines}
	seconds, err := c.number("timeperiod")
	if err != nil {
		return nil, err
	}
	if seconds > 0 {
		f.Since = c.cfg.Clock().Add(-time.Duration(seconds) * time.Second)
	}
	limit, err := c.number("limit")
	if err != nil {
		return nil, err
	}
	if limit > 0 {
		f.Tail = min(limit, persistence.MaxLines)
	}
	lines, err := c.lines(f)
	return map[string]any{"log": lines}, err
}

// maxNumber keeps a period in seconds within what a time.Duration holds.
const maxNumber = 1 << 32

func (c *call) number(name string) (int, error) {
	text, ok := c.req.Query[name]
	if !ok {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxNumber {
		return 0, problem(actors.BadRequest, "send a whole number above 0", "the parameter %s is %q", name, text)
	}
	return n, nil
}

func (c *call) lines(f persistence.Filter) ([]line, error) {
	all := []line{}
	if c.cfg.Logs == nil {
		return all, nil
	}
	lines, err := c.cfg.Logs.Query(c.ctx, f)
	last := int64(0)
	for _, l := range lines {
		last = max(l.At.UnixMicro(), last+1)
		all = append(all, line{last, naive(l.At), l.Source, l.Text})
	}
	return all, err
}

// bootConfig is the configuration itself, not wrapped in anything.
func (c *call) bootConfig() (any, error) {
	v, err := c.board()
	if err != nil {
		return nil, err
	}
	return bootConfig(v), nil
}

func (c *call) ping() (any, error) {
	v, err := c.board()
	if err != nil {
		return nil, err
	}
	up := c.cfg.Ping != nil && v.Address.IsValid() && c.cfg.Ping(c.ctx, v.Address) == nil
	return map[string]bool{"success": up}, nil
}

func (c *call) environments() (any, error) {
	all := map[string]bool{}
	for _, v := range c.cfg.Fleet.Views() {
		all[environment(v)] = true
	}
	return map[string]any{"environments": append([]string{}, slices.Sorted(maps.Keys(all))...)}, nil
}
