package client

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	v1 "mozpool/httpapi/v1"
)

// Inventory tells where boards come from.
func (c *Client) Inventory(ctx context.Context) (v1.Inventory, error) {
	var a v1.Inventory
	err := c.get(ctx, "inventory", &a)
	return a, err
}

// followed is how often a sync that takes long is looked at.
const followed = 250 * time.Millisecond

// SyncInventory has all sources of boards asked now. A sync that takes longer than an answer may is followed to its end,
// however long that is: ctx bounds it. The error is a *Problem that names each source that failed.
func (c *Client) SyncInventory(ctx context.Context) (v1.Inventory, error) {
	var a v1.Inventory
	if err := c.do(ctx, call{method: http.MethodPost, path: []string{"inventory", "sync"}}, &a); err != nil || !a.Running {
		return a, err
	}
	for a.Running {
		select {
		case <-ctx.Done():
			return a, fmt.Errorf("follow the sync of the inventory, which goes on: %w", ctx.Err())
		case <-time.After(followed):
		}
		var err error
		if a, err = c.Inventory(ctx); err != nil {
			return a, err
		}
	}
	return a, failedSources(a)
}

// failedSources is what the server would have said, had it been asked for less.
func failedSources(a v1.Inventory) error {
	var failed []string
	for _, s := range a.Sources {
		if s.Error != "" {
			failed = append(failed, s.Error)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return &Problem{v1.Problem{Status: http.StatusServiceUnavailable, Kind: v1.KindUnavailable, Detail: strings.Join(failed, "\n"),
		Remedy: "boards of a source that failed stay as they were; put it right, then: mozpool inventory sync"}}
}

// InventoryPlan is the plan that waits for approval; its ID is empty if none does.
func (c *Client) InventoryPlan(ctx context.Context) (v1.InventoryPlan, error) {
	var a v1.InventoryPlan
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"inventory", "plan"}}, &a)
	return a, err
}

// ApplyInventory approves the plan that waits, if it has this id.
func (c *Client) ApplyInventory(ctx context.Context, id string) (v1.InventoryEntry, error) {
	var a v1.InventoryEntry
	err := c.do(ctx, call{method: http.MethodPost, path: []string{"inventory", "plans", id, "apply"}}, &a)
	return a, err
}

// InventoryHistory are the plans that were applied, the latest first.
func (c *Client) InventoryHistory(ctx context.Context) ([]v1.InventoryEntry, error) {
	var a v1.InventoryHistory
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"inventory", "history"}}, &a)
	return a.Entries, err
}

// InventoryBoard is what a board's source says of it.
func (c *Client) InventoryBoard(ctx context.Context, name string) (v1.InventoryBoard, error) {
	var a v1.InventoryBoard
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"inventory", "boards", name}}, &a)
	return a, err
}
