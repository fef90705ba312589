package v1

import "time"

// InventoryBoard is a board as a source of the inventory describes it.
type InventoryBoard struct {
	ID       string            `json:"id"` // stable over renaming
	Name     string            `json:"name"`
	MAC      string            `json:"mac"`
	Rack     string            `json:"rack"`
	Hardware string            `json:"hardware"`
	Power    string            `json:"power"`
	Address  string            `json:"address"` // empty: learned from the board
	Place    string            `json:"place"`
	Labels   map[string]string `json:"labels"`
	Source   string            `json:"source"`
}

// InventoryChange is one board before and after.
type InventoryChange struct {
	From InventoryBoard `json:"from"`
	To   InventoryBoard `json:"to"`
}

// InventoryPlan is the plan that waits for approval.
type InventoryPlan struct {
	ID     string            `json:"id"`  // a hash of the content; empty: no plan waits
	At     *time.Time        `json:"at"`  // since when; null: no plan waits
	Why    string            `json:"why"` // it waits
	Add    []InventoryBoard  `json:"add"`
	Change []InventoryChange `json:"change"`
	Remove []InventoryBoard  `json:"remove"`
	Later  []InventorySkip   `json:"later"` // boards that change, or go, once nothing holds them: approved with the rest
}

// InventorySource is a file or URL that lists boards, and how it fared last.
type InventorySource struct {
	Name    string     `json:"name"`
	Where   string     `json:"where"`
	At      *time.Time `json:"at"`      // of the last fetch; null: none yet
	Good    *time.Time `json:"good"`    // of the last one that gave a list
	Records int        `json:"records"` // in that list
	Error   string     `json:"error"`   // of the last fetch
}

// InventorySkip is a record that cannot be used, or a board that has to stay as it is for now.
type InventorySkip struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Source string `json:"source"`
	Reason string `json:"reason"`
}

// Inventory is how the list of boards is kept.
type Inventory struct {
	Sources  []InventorySource `json:"sources"` // empty: boards come from the boards file
	Boards   int               `json:"boards"`
	LastGood *time.Time        `json:"last_good"` // sync in which every source answered; null: none yet
	Next     *time.Time        `json:"next"`      // sync by the timer
	Every    string            `json:"every"`
	Running  bool              `json:"running"`          // a sync is on its way
	Server   string            `json:"server,omitempty"` // that syncs, in a cluster; absent: none is known of, or there is one server
	Pending  string            `json:"pending"`          // id of the plan that waits for approval; empty: none
	Changes  int               `json:"pending_changes"`  // boards that it touches
	Why      string            `json:"pending_why"`
	Skipped  []InventorySkip   `json:"skipped"` // records of the last sync that cannot be used
	Held     []InventorySkip   `json:"held"`    // boards that have to stay as they are for now
}

// InventoryEntry is a plan that was applied, with names of boards.
type InventoryEntry struct {
	At      time.Time `json:"at"`
	Plan    string    `json:"plan"`
	By      string    `json:"by"` // sync: nobody had to approve it
	Added   []string  `json:"added"`
	Changed []string  `json:"changed"`
	Removed []string  `json:"removed"`
}

// InventoryHistory are the last plans that were applied, the latest first.
type InventoryHistory struct {
	Entries []InventoryEntry `json:"entries"`
}
