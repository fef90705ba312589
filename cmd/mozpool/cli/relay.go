package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "mozpool/httpapi/v1"
)

// Relay is "mozpool relay".
type Relay struct {
	Format
	List   RelayList   `cmd:"" help:"List relay boards."`
	Show   RelayShow   `cmd:"" help:"Show a relay board."`
	Test   RelayTest   `cmd:"" help:"Ask a relay board for a sign of life; no relay moves."`
	On     RelayOn     `cmd:"" help:"Give the board behind a relay power."`
	Off    RelayOff    `cmd:"" help:"Take the power of the board behind a relay."`
	Cycle  RelayCycle  `cmd:"" help:"Take the power of the board behind a relay for a second."`
	Status RelayStatus `cmd:"" help:"Print whether the board behind a relay has power: on or off."`
}

// RelayList is "mozpool relay list".
type RelayList struct{ Watched }

// Run lists the relay boards.
func (l *RelayList) Run(c *Context) error { return c.watch(l.Watched, l.show) }

func (*RelayList) show(c *Context) error {
	all, err := c.Client.Relays(c.Context)
	return list(c, all, err, []string{"NAME", "RACK", "STATE", "BOARDS", "QUEUE", "LATENCY", "GOOD", "INCIDENT", "ERROR"},
		func(r v1.Relay) string { return r.Name },
		func(r v1.Relay) []cell {
			return []cell{plain(r.Name), plain(r.Rack), relayState(r), plain(fmt.Sprint(len(r.Boards))), plain(fmt.Sprint(r.Queue)),
				plain(latency(r)), plain(lastGood(c, r)), plain(r.Incident), plain(r.Error), plain(strings.Join(r.Boards, ","))}
		}, "NAMES")
}

func relayState(r v1.Relay) cell {
	state := plain(r.State)
	if r.State == "unreachable" {
		state.color = red
	}
	return state
}

func latency(r v1.Relay) string {
	if r.LatencyMs == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f ms", r.LatencyMs)
}

func lastGood(c *Context, r v1.Relay) string {
	if r.LastGood == nil {
		return ""
	}
	return c.when(*r.LastGood)
}

// RelayShow is "mozpool relay show".
type RelayShow struct {
	Name string `arg:"" help:"As relay list shows it: HOST:PORT; without a port, the only one of that host."`
}

// Run shows one relay board.
func (r *RelayShow) Run(c *Context) error {
	one, err := findRelay(c, r.Name)
	if err != nil {
		return coded(err)
	}
	return c.showRelay(one)
}

// findRelay finds a relay board by its name, which may lack the port.
func findRelay(c *Context, name string) (v1.Relay, error) {
	all, err := c.Client.Relays(c.Context)
	if err != nil {
		return v1.Relay{}, err
	}
	var fit []v1.Relay
	for _, r := range all {
		if r.Name == name {
			return r, nil
		}
		if strings.HasPrefix(r.Name, name+":") {
			fit = append(fit, r)
		}
	}
	if len(fit) == 1 {
		return fit[0], nil
	}
	return v1.Relay{}, &Error{Exit: ExitNotFound, Err: fmt.Errorf("no board hangs on a relay board %q; see: mozpool relay list", name)}
}

func (c *Context) showRelay(r v1.Relay) error {
	return coded(c.show(r, []string{r.Name}, func() *table {
		t := &table{head: []string{"NAME", r.Name}}
		t.add(plain("rack"), plain(r.Rack))
		t.add(plain("state"), relayState(r))
		t.add(plain("boards"), plain(strings.Join(r.Boards, " ")))
		t.add(plain("queue"), plain(fmt.Sprint(r.Queue)))
		t.add(plain("latency"), plain(cmp.Or(latency(r), "not known")))
		t.add(plain("last good"), plain(cmp.Or(lastGood(c, r), "never")))
		if r.Incident != "" {
			t.add(plain("incident"), plain(r.Incident))
		}
		if r.Error != "" {
			t.add(plain("last error"), plain(r.Error))
		}
		return t
	}))
}

// RelayTest is "mozpool relay test".
type RelayTest struct {
	Name string `arg:"" help:"As relay list shows it."`
}

// Run asks for a sign of life, and shows the relay board.
func (r *RelayTest) Run(c *Context) error {
	one, err := findRelay(c, r.Name)
	if err != nil {
		return coded(err)
	}
	if one, err = c.Client.TestRelay(c.Context, one.Name); err != nil {
		return coded(err)
	}
	return c.showRelay(one)
}

// ask has the server do it, in turn with its automation.
func (r *RelaySwitch) ask(c *Context, do string) error {
	a, err := c.Client.SwitchRelay(c.Context, v1.RelayOrder{Relay: r.Switch, Do: do, Force: r.Force})
	if err != nil {
		return coded(err)
	}
	said := do
	switch {
	case do == "cycle":
		said = "cycled"
	case do == "status" && a.On:
		said = "on"
	case do == "status":
		said = "off"
	}
	_, err = fmt.Fprintln(c.Out, said)
	return coded(err)
}

// Incident is "mozpool incident".
type Incident struct {
	Format
	List  IncidentList  `cmd:"" help:"List what stops several boards and is not their fault: the open ones, with --all also those that are over."`
	Close IncidentClose `cmd:"" help:"End an incident that does not end by itself, once its cause is mended."`
}

// IncidentList is "mozpool incident list".
type IncidentList struct {
	All bool `help:"Also those that are over."`
	Watched
}

// Run lists the incidents.
func (i *IncidentList) Run(c *Context) error { return c.watch(i.Watched, i.show) }

func (i *IncidentList) show(c *Context) error {
	all, err := c.Client.Incidents(c.Context)
	if !i.All {
		all = slices.DeleteFunc(all, func(i v1.Incident) bool { return i.Closed != nil })
	}
	return list(c, all, err, []string{"ID", "KIND", "RACK", "BOARDS", "OPENED", "CLOSED", "TEXT", "REMEDY"},
		func(i v1.Incident) string { return i.ID },
		func(i v1.Incident) []cell {
			closed := "open"
			if i.Closed != nil {
				closed = c.when(*i.Closed) + " by " + i.ClosedBy
			}
			return []cell{plain(i.ID), plain(i.Kind), plain(i.Rack), plain(fmt.Sprint(len(i.Boards))), plain(c.when(i.Opened)), plain(closed),
				plain(i.Text), plain(i.Remedy)}
		})
}

// IncidentClose is "mozpool incident close".
type IncidentClose struct {
	ID string `arg:"" help:"As incident list shows it."`
}

// Run ends an incident.
func (i *IncidentClose) Run(c *Context) error {
	if i.ID == "" {
		return &Error{Exit: ExitUsage, Err: errors.New("no incident is named; see: mozpool incident list")}
	}
	one, err := c.Client.CloseIncident(c.Context, i.ID)
	if err != nil {
		return coded(err)
	}
	return coded(c.show(one, []string{one.ID}, func() *table {
		t := &table{head: []string{"ID", "CLOSED", "BOARDS"}}
		t.add(plain(one.ID), plain("by "+one.ClosedBy), plain(strings.Join(one.Boards, " ")))
		return t
	}))
}
