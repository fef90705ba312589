package cli

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	v1 "mozpool/httpapi/v1"
)

// RackCheckWiring is "mozpool rack check-wiring".
type RackCheckWiring struct {
	Rack   string   `arg:"" help:"The rack."`
	Relays []string `placeholder:"RELAY" help:"Only these relays, as in boards.yaml; also HOST:bankN and HOST:bankN:relayA-B."`
}

// Run shows what each relay switches. It fails unless each switches its own board.
func (r *RackCheckWiring) Run(c *Context) error {
	relays, err := expand(r.Relays)
	if err != nil {
		return err
	}
	wrong := 0
	err = c.wiring(r.Rack, relays, func(s v1.WiringStep) {
		if s.Result != "right" && s.Result != "found" {
			wrong++
		}
	})
	if err == nil && wrong > 0 {
		err = &Error{Exit: ExitFailed, Err: fmt.Errorf("%d relays are not as the inventory says, or could not be looked at", wrong)}
	}
	return err
}

// wiring runs a check and prints a line for each relay as it comes.
func (c *Context) wiring(rack string, relays []string, seen func(v1.WiringStep)) error {
	err := c.Client.CheckWiring(c.Context, rack, relays, func(s v1.WiringStep) error {
		seen(s)
		if c.Output == "json" {
			return c.showJSON(s)
		}
		_, err := fmt.Fprintf(c.Out, "%-24s %-12s %-8s %s\n", visible(s.Relay), visible(s.Board), s.Result, visible(s.Text))
		return err
	})
	if c.Context.Err() != nil {
		return &Error{Exit: ExitFailed, Err: errors.New("interrupted; the server stops after the relay that it is at, and leaves it on")}
	}
	return coded(err)
}

// RackLearn is "mozpool rack learn".
type RackLearn struct {
	Rack     string   `arg:"" help:"The rack."`
	Relays   []string `required:"" placeholder:"RELAY" help:"Relays as in boards.yaml: HOST[:PORT]:bankN:relayM, HOST:bankN for all eight, HOST:bankN:relayA-B."`
	Hardware string   `required:"" help:"Hardware type of the boards."`
	Prefix   string   `default:"board" help:"New boards are called PREFIX and the number of their relay in the list."`
}

// learned is an entry of boards.yaml.
type learned struct {
	Name     string `json:"name"`
	MAC      string `json:"mac"`
	Rack     string `json:"rack"`
	Hardware string `json:"hardware"`
	Power    string `json:"power"`
}

// Run prints the entries of boards.yaml; what it sees meanwhile goes to standard error.
func (r *RackLearn) Run(c *Context) error {
	relays, err := expand(r.Relays)
	if err != nil {
		return err
	}
	var boards []learned
	n, silent := 0, 0
	progress := *c
	progress.Out, progress.Output = c.Err, "table"
	err = progress.wiring(r.Rack, relays, func(s v1.WiringStep) {
		n++
		if len(s.Seen) != 1 {
			silent++
			return
		}
		b := learned{Name: s.Named[0], MAC: s.Seen[0], Rack: r.Rack, Hardware: r.Hardware, Power: s.Relay}
		if b.Name == "" {
			b.Name = r.Prefix + strconv.Itoa(n)
		}
		boards = append(boards, b)
	})
	if err != nil {
		return err
	}
	if silent > 0 {
		_, _ = fmt.Fprintf(c.Err, "%d of %d relays tell no board for sure, and are left out\n", silent, n) // for people only
	}
	return coded(c.showYAML(map[string]any{"boards": boards}))
}

// bank is a relay board's bank, or a range of its relays.
var bank = regexp.MustCompile(`^(.+:bank[1-4])(?::relay([1-8])-([1-8]))?$`)

// expand writes out banks and ranges.
func expand(given []string) (relays []string, err error) {
	for _, g := range given {
		m := bank.FindStringSubmatch(g)
		if m == nil {
			relays = append(relays, g)
			continue
		}
		from, to := 1, 8
		if m[2] != "" {
			from, to = int(m[2][0]-'0'), int(m[3][0]-'0')
		}
		if from > to {
			return nil, &Error{Exit: ExitUsage, Err: fmt.Errorf("%q: a range goes from the lower relay to the higher", strings.TrimSpace(g))}
		}
		for i := from; i <= to; i++ {
			relays = append(relays, m[1]+":relay"+strconv.Itoa(i))
		}
	}
	return relays, nil
}
