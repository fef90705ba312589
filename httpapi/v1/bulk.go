package v1

import (
	"time"

	"mozpool/actors/board"
)

// BulkOrder asks the same of several boards. One of Boards and Selector is required; with both, a board has to be in
// both.
type BulkOrder struct {
	Action   string             `json:"action"`             // image, power-on, …: as in POST …/boards/NAME/ACTION
	Boards   string             `json:"boards,omitempty"`   // names and patterns, separated by commas
	Selector string             `json:"selector,omitempty"` // KEY=VALUE,KEY=VALUE: name rack state image hardware power place wish, or a label
	DryRun   bool               `json:"dry_run,omitempty"`  // say what each board would answer as things are, and ask nothing
	Image    string             `json:"image,omitempty"`    // of action image
	Config   map[string]string  `json:"config,omitempty"`   // of action image
	Force    bool               `json:"force,omitempty"`    // of actions image and cancel
	Why      string             `json:"why,omitempty"`      // of action lock
	Until    *time.Time         `json:"until,omitempty"`    // of action lock
	Comment  string             `json:"comment,omitempty"`  // of action comment
	Labels   map[string]*string `json:"labels,omitempty"`   // of action label
}

// BulkResult is what became of it for one board.
type BulkResult struct {
	Board   string      `json:"board"`
	Attempt uint32      `json:"attempt"`
	State   board.State `json:"state"`
	Problem *Problem    `json:"problem"` // null: it was taken, or would be asked
}

// BulkResults are those of all boards that were meant, sorted by name.
type BulkResults struct {
	Results []BulkResult `json:"results"`
	Refused int          `json:"refused"` // how many have a problem
	DryRun  bool         `json:"dry_run"`
}

// CommentOrder says something about a board to whoever looks at it.
type CommentOrder struct {
	Comment string `json:"comment"`
}

// LabelOrder sets labels of a board, and takes off those that are null; others stay as they are. Those of the inventory
// are changed there.
type LabelOrder struct {
	Labels map[string]*string `json:"labels"`
}
