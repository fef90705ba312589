package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	v1 "mozpool/httpapi/v1"
)

// Relays are all relay boards, sorted by name.
func (c *Client) Relays(ctx context.Context) ([]v1.Relay, error) {
	var a v1.Relays
	err := c.get(ctx, "relays", &a)
	return a.Relays, err
}

// SwitchRelay has the server read or switch one relay, in turn with its automation, and says whether the board behind
// it has power now.
func (c *Client) SwitchRelay(ctx context.Context, o v1.RelayOrder) (v1.RelayAnswer, error) {
	var a v1.RelayAnswer
	err := c.do(ctx, call{method: http.MethodPost, path: []string{"relays", "switch"}, body: o}, &a)
	return a, err
}

// TestRelay asks a relay board for a sign of life.
func (c *Client) TestRelay(ctx context.Context, name string) (v1.Relay, error) {
	var a v1.Relay
	err := c.do(ctx, call{method: http.MethodPost, path: []string{"relays", "test"}, body: v1.RelayTest{Name: name}}, &a)
	return a, err
}

// Incidents are the open ones and the last that were closed, the newest first.
func (c *Client) Incidents(ctx context.Context) ([]v1.Incident, error) {
	var a v1.Incidents
	err := c.get(ctx, "incidents", &a)
	return a.Incidents, err
}

// CloseIncident ends an incident that does not end by itself.
func (c *Client) CloseIncident(ctx context.Context, id string) (v1.Incident, error) {
	var a v1.Incident
	err := c.do(ctx, call{method: http.MethodPost, path: []string{"incidents", id, "close"}}, &a)
	return a, err
}

// CheckWiring has the server cycle relays one by one, those of the rack's boards where none are named, and calls fn for
// each. It goes on until all are done, ctx ends or fn returns an error; the server stops after the relay that it is at.
func (c *Client) CheckWiring(ctx context.Context, rack string, relays []string, fn func(v1.WiringStep) error) error {
	res, err := c.send(ctx, call{method: http.MethodPost, path: []string{"racks", rack, "wiring"}, body: v1.WiringOrder{Relays: relays}})
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // read only
	in := bufio.NewScanner(res.Body)
	for in.Scan() {
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue // a sign of life
		}
		var l v1.WiringLine
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			return fmt.Errorf("read the wiring of %s: %w", rack, err)
		}
		switch {
		case l.Problem != nil:
			return &Problem{Problem: *l.Problem}
		case l.Done:
			return nil
		case l.Step != nil:
			if err := fn(*l.Step); err != nil {
				return err
			}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Unreachable{Server: c.Server(), Err: fmt.Errorf("the check of %s broke off: %w", rack, orEOF(in.Err()))}
}
