package httpapi

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"mozpool/actors"
	v1 "mozpool/httpapi/v1"
)

// relayRoutes are the routes of this file.
func (s *Server) relayRoutes() []route {
	return []route{
		{"GET", v1.Prefix + "/relays", nil, s.relays},
		{"POST", v1.Prefix + "/relays/switch", nil, s.switchRelay},
		{"POST", v1.Prefix + "/relays/test", nil, s.testRelay},
		{"GET", v1.Prefix + "/incidents", nil, s.incidents},
		{"POST", v1.Prefix + "/incidents/{name}/close", nil, s.closeIncident},
		{"POST", v1.Prefix + "/racks/{name}/wiring", nil, s.wiring},
	}
}

func (s *Server) relays(r *request) error {
	all := v1.Relays{Relays: []v1.Relay{}}
	for _, v := range s.cfg.Fleet.Relays() {
		all.Relays = append(all.Relays, relayOf(v))
	}
	slices.SortFunc(all.Relays, func(a, b v1.Relay) int { return cmp.Compare(a.Name, b.Name) })
	return s.ok(r, all)
}

func relayOf(v actors.RelayView) v1.Relay {
	return v1.Relay{Name: v.Name, Rack: v.Rack, State: v.State, Boards: some(v.Boards), Queue: v.Queue, LatencyMs: v.Millis,
		Error: v.Error, ErrorAt: timeOrNil(v.ErrorAt), LastGood: timeOrNil(v.Good), Incident: v.Incident}
}

// switchRelay switches or reads one relay, in turn with the automation.
func (s *Server) switchRelay(r *request) error {
	var o v1.RelayOrder
	if err := r.body(&o); err != nil {
		return err
	}
	do := actors.RelayDo(o.Do)
	switch {
	case o.Relay == "":
		return bad(`send {"relay": "host:bankN:relayM", "do": "status"}`, "no relay is named")
	case !slices.Contains([]actors.RelayDo{actors.RelayStatus, actors.RelayOn, actors.RelayOff, actors.RelayCycle}, do):
		return bad("use status, on, off or cycle", "%q is nothing that a relay does", o.Do)
	}
	on, err := s.cfg.Fleet.Relay(r.ctx, o.Relay, do, r.who, o.Force)
	if err != nil {
		return err
	}
	return s.ok(r, v1.RelayAnswer{Relay: o.Relay, On: on})
}

// testRelay asks a relay board for a sign of life, and shows it after that.
func (s *Server) testRelay(r *request) error {
	var o v1.RelayTest
	if err := r.body(&o); err != nil {
		return err
	}
	if o.Name == "" {
		return bad(`send {"name": "host:port"}`, "no relay board is named")
	}
	if err := s.cfg.Fleet.TestRelay(r.ctx, o.Name); err != nil {
		return err
	}
	for _, v := range s.cfg.Fleet.Relays() {
		if v.Name == o.Name {
			return s.ok(r, relayOf(v))
		}
	}
	return &apiError{v1.KindNotFound, fmt.Sprintf("no board hangs on a relay board %q any more", o.Name), "see the list of relay boards"}
}

func (s *Server) incidents(r *request) error {
	all := v1.Incidents{Incidents: []v1.Incident{}}
	for _, i := range s.cfg.Fleet.Incidents() {
		all.Incidents = append(all.Incidents, incidentOf(i))
	}
	return s.ok(r, all)
}

func incidentOf(i actors.Incident) v1.Incident {
	return v1.Incident{ID: i.ID, Kind: string(i.Kind), Subject: i.Subject, Rack: i.Rack, Boards: some(i.Boards), Text: i.Text, Remedy: i.Remedy,
		Opened: i.Opened.UTC(), Closed: timeOrNil(i.Closed), ClosedBy: i.ClosedBy}
}

func (s *Server) closeIncident(r *request) error {
	if err := r.noBody(); err != nil {
		return err
	}
	i, err := s.cfg.Fleet.CloseIncident(r.name, r.who)
	if err != nil {
		return err
	}
	return s.ok(r, incidentOf(i))
}

// refusedBy is how long a check may take to refuse before its answer begins.
const refusedBy = 100 * time.Millisecond

// wiring checks relays one by one, and answers with an object a line as it goes on. It ends when the client leaves,
// between two relays.
func (s *Server) wiring(r *request) error {
	var o v1.WiringOrder
	if err := r.body(&o); err != nil {
		return err
	}
	select {
	case s.slots <- struct{}{}:
	default:
		return &apiError{v1.KindUnavailable, fmt.Sprintf("%d streams are open already", cap(s.slots)), "end one, and ask again"}
	}
	ctx, cancel := s.attend(r)
	c := &wiringCheck{ctx: ctx, lines: make(chan v1.WiringLine), beat: s.cfg.Heartbeat}
	rack, who := r.name, r.who
	go func() { // ends with the check, which ends with ctx
		defer func() { <-s.slots }()
		defer close(c.lines)
		c.err = s.cfg.Fleet.CheckWiring(ctx, rack, o.Relays, who, func(step actors.WiringStep) {
			c.tell(v1.WiringLine{Step: &v1.WiringStep{Relay: step.Relay, Board: step.Board, Result: step.Result, Seen: some(step.Seen), Named: some(step.Named), Text: step.Text}})
		})
	}()
	t := time.NewTimer(refusedBy)
	defer t.Stop()
	select {
	case line, ok := <-c.lines:
		if !ok && c.err != nil {
			cancel()
			return c.err
		}
		c.first = line
	case <-t.C:
	}
	r.raw.SetContentType("application/x-ndjson")
	r.raw.SetBodyStreamWriter(func(w *bufio.Writer) { // its own goroutine; ends with run
		defer cancel()
		c.run(w)
	})
	return nil
}

// wiringCheck is one answer. It knows nothing of the request that began it.
type wiringCheck struct {
	ctx   context.Context
	lines chan v1.WiringLine // closed at the end; then err says how it ended
	err   error
	first v1.WiringLine
	beat  time.Duration
}

func (c *wiringCheck) tell(line v1.WiringLine) {
	select {
	case c.lines <- line:
	case <-c.ctx.Done():
	}
}

func (c *wiringCheck) run(w *bufio.Writer) {
	put := func(line v1.WiringLine) {
		data, err := json.Marshal(line)
		if err != nil {
			return // texts always encode
		}
		_, _ = w.Write(append(data, '\n')) // Flush tells
	}
	if c.first.Step != nil {
		put(c.first)
	}
	beat := time.NewTicker(c.beat)
	defer beat.Stop()
	for w.Flush() == nil {
		select {
		case line, ok := <-c.lines:
			if ok {
				put(line)
				continue
			}
			last := v1.WiringLine{Done: c.err == nil}
			if c.err != nil {
				p := problemOf(c.err)
				last.Problem = &p
			}
			put(last)
			_ = w.Flush() // the client has left, or has it all
			return
		case <-beat.C:
			_ = w.WriteByte('\n') // Flush tells
		}
	}
}
