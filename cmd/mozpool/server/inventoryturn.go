package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"mozpool/actors"
	"mozpool/actors/inventory/keeper"
	"mozpool/cluster/ask"
)

const (
	inventoryDuty  = "inventory" // one server of a cluster syncs
	aboutInventory = "inventory" // subject of what it is asked
	// inventoryAnswer bounds what the server that syncs is asked for.
	inventoryAnswer = 12 * time.Second
)

// What the server that syncs is asked for.
const (
	inventoryStatus  = "status"
	inventorySync    = "sync"
	inventoryApprove = "approve"
)

// inventoryOrder is what it is asked.
type inventoryOrder struct {
	Do   string `json:"do"`
	Plan string `json:"plan,omitempty"`
	By   string `json:"by,omitempty"`
}

// inventoryReply is its answer.
type inventoryReply struct {
	NotHere bool            `json:"not_here,omitempty"` // another server syncs
	Status  keeper.Status   `json:"status,omitzero"`    // without the plan that waits, which every server has
	Entry   keeper.Entry    `json:"entry,omitzero"`
	Problem *actors.Problem `json:"problem,omitempty"`
	Error   string          `json:"error,omitempty"`
}

// sharedInventory is the inventory of a cluster: what one server knows is asked there, the rest is in every journal.
type sharedInventory struct{ s *Server }

// answerInventory answers another server.
func (s *Server) answerInventory(ctx context.Context, q ask.Question) any {
	k := s.keeper.Load()
	if k == nil || !s.syncsHere() {
		return inventoryReply{NotHere: true}
	}
	var o inventoryOrder
	if err := json.Unmarshal(q.Body, &o); err != nil {
		return inventoryReply{Error: fmt.Sprintf("read a question of %s: %v", q.From, err)}
	}
	var r inventoryReply
	var err error
	switch o.Do {
	case inventoryStatus:
	case inventorySync:
		err = k.Ask(ctx)
	case inventoryApprove:
		r.Entry, err = k.Approve(ctx, o.Plan, o.By)
	default:
		err = &actors.Problem{Kind: actors.BadRequest, Text: "a question that this version does not know", Remedy: "upgrade this server"}
	}
	r.Status = k.Status()
	r.Status.Pending = nil
	if !errors.As(err, &r.Problem) && err != nil {
		r.Error = err.Error()
	}
	return r
}

func (s *Server) syncsHere() bool {
	_, here := s.cluster.member.Duty(inventoryDuty)
	return here
}

// ask asks the server that syncs; here says that it is this one.
func (i sharedInventory) ask(ctx context.Context, o inventoryOrder) (r inventoryReply, here bool, err error) {
	m := i.s.cluster.member
	server, here := m.Duty(inventoryDuty)
	if here {
		return r, true, nil
	}
	away := &actors.Problem{Kind: actors.Unavailable, Text: "no server of the cluster keeps the inventory now", Remedy: "ask again in some seconds; if it stays so, see mozpool cluster members"}
	if server == "" || server == i.s.cfg.Server {
		return r, false, away
	}
	body, err := json.Marshal(o)
	if err != nil {
		return r, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, inventoryAnswer)
	defer cancel()
	err = m.Ask(ctx, server, ask.Question{ID: rand.Text(), Subject: aboutInventory, Body: body}, &r)
	switch {
	case err != nil:
		away.Text = fmt.Sprintf("server %s keeps the inventory, and does not answer: %v", server, err)
		return r, false, away
	case r.NotHere:
		return r, false, away
	case r.Problem != nil:
		return r, false, r.Problem
	case r.Error != "":
		return r, false, errors.New(r.Error)
	}
	return r, false, nil
}

// Status implements httpapi.Inventory. If the server that syncs does not answer, it tells what every server knows.
func (i sharedInventory) Status() keeper.Status {
	mine := i.s.inventory.Status()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	r, here, err := i.ask(ctx, inventoryOrder{Do: inventoryStatus})
	mine.Server, _ = i.s.cluster.member.Duty(inventoryDuty)
	if here {
		return mine
	}
	if err != nil {
		for n := range mine.Sources {
			mine.Sources[n].Error = "how it fares is not known: " + err.Error()
		}
		return mine
	}
	r.Status.Pending, r.Status.Server = mine.Pending, mine.Server
	return r.Status
}

// Ask implements httpapi.Inventory.
func (i sharedInventory) Ask(ctx context.Context) error {
	_, here, err := i.ask(ctx, inventoryOrder{Do: inventorySync})
	if here {
		return i.s.inventory.Ask(ctx)
	}
	return err
}

// Approve implements httpapi.Inventory.
func (i sharedInventory) Approve(ctx context.Context, id, by string) (keeper.Entry, error) {
	r, here, err := i.ask(ctx, inventoryOrder{Do: inventoryApprove, Plan: id, By: by})
	if here {
		return i.s.inventory.Approve(ctx, id, by)
	}
	return r.Entry, err
}

// History implements httpapi.Inventory.
func (i sharedInventory) History(ctx context.Context) ([]keeper.Entry, error) {
	return i.s.inventory.History(ctx)
}
