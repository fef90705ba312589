package v1

import (
	"time"

	"mozpool/actors/board"
)

// RepairOrder says what was mended, and what to put on the board.
type RepairOrder struct {
	Part  board.Part `json:"part"`            // board, card, relay, wiring, network
	Note  string     `json:"note,omitempty"`  // for people
	MAC   string     `json:"mac,omitempty"`   // with part board: of the new board; empty: it has not changed
	Power string     `json:"power,omitempty"` // with part board, relay or wiring: line of the new switch; empty: it has not changed
	Image string     `json:"image,omitempty"` // none: the board is only verified; empty: the last that was wished
}

// Repair is one part of a board that somebody exchanged or mended.
type Repair struct {
	Part    board.Part  `json:"part"`
	By      string      `json:"by"`
	Note    string      `json:"note"`
	At      time.Time   `json:"at"`
	State   board.State `json:"state"`   // in which the board rested
	Attempt uint32      `json:"attempt"` // the last one before
}

// Repairs are the last repairs of a board, the newest first.
type Repairs struct {
	Repairs []Repair `json:"repairs"`
}

// ToRepair is a board that somebody should go to.
type ToRepair struct {
	Board  string      `json:"board"`
	Rack   string      `json:"rack"`
	Place  string      `json:"place"`
	State  board.State `json:"state"`
	Since  time.Time   `json:"since"`
	Part   board.Part  `json:"part"`   // the suspected one
	Take   string      `json:"take"`   // what to take along
	Why    string      `json:"why"`    // the sentence
	Remedy string      `json:"remedy"` // what to do there
	Before string      `json:"before"` // when, and by whom, the same part was repaired last; empty: never
}

// RepairList are the boards that have failed, or are suspected, in walking order: by rack, then by place.
type RepairList struct {
	Boards []ToRepair `json:"boards"`
}
