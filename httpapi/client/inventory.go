package client

import (
	"context"
	"net/http"

	v1 "mozpool/httpapi/v1"
)

// Inventory tells where boards come from.
func (c *Client) Inventory(ctx context.Context) (v1.Inventory, error) {
	var a v1.Inventory
	err := c.get(ctx, "inventory", &a)
	return a, err
}

// SyncInventory has all sources of boards asked now.
func (c *Client) SyncInventory(ctx context.Context) (v1.Inventory, error) {
	var a v1.Inventory
	err := c.do(ctx, call{method: http.MethodPost, path: []string{"inventory", "sync"}}, &a)
	return a, err
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
