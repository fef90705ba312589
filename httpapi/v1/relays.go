package v1

import "time"

// Relay is a relay board, or whatever else switches boards' power and takes one connection at a time.
type Relay struct {
	Name      string     `json:"name"` // host:port, the scheme and host of a URL, or exec: and a name
	Rack      string     `json:"rack"`
	State     string     `json:"state"` // idle, busy, resting, unreachable
	Boards    []string   `json:"boards"`
	Queue     int        `json:"queue"`
	LatencyMs float64    `json:"latency_ms"` // of connecting and a sign of life, smoothed; 0: not known
	Error     string     `json:"error"`      // the last one, empty once an exchange went well
	ErrorAt   *time.Time `json:"error_at"`
	LastGood  *time.Time `json:"last_good"`
	Incident  string     `json:"incident"` // id of the open one
}

// Relays are all relay boards, sorted by name.
type Relays struct {
	Relays []Relay `json:"relays"`
}

// RelayOrder is what a person asks of one relay.
type RelayOrder struct {
	Relay string `json:"relay"`           // as in boards.yaml: host[:port]:bankN:relayM, a URL, exec:…
	Do    string `json:"do"`              // status, on, off or cycle; on and off mean the board behind it
	Force bool   `json:"force,omitempty"` // although the record of the board behind it does not follow
}

// RelayAnswer says what a relay did.
type RelayAnswer struct {
	Relay string `json:"relay"`
	On    bool   `json:"on"` // the board behind it has power now
}

// RelayTest names a relay board.
type RelayTest struct {
	Name string `json:"name"`
}

// Incident is something that stops several boards and is not their fault.
type Incident struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind"`    // relay, crossed
	Subject  string     `json:"subject"` // the relay board, or the boards
	Rack     string     `json:"rack"`
	Boards   []string   `json:"boards"`
	Text     string     `json:"text"`
	Remedy   string     `json:"remedy"`
	Opened   time.Time  `json:"opened"`
	Closed   *time.Time `json:"closed"` // null: open
	ClosedBy string     `json:"closed_by"`
}

// Incidents are the open ones and the last that were closed, the newest first.
type Incidents struct {
	Incidents []Incident `json:"incidents"`
}

// WiringOrder asks which relay switches which board.
type WiringOrder struct {
	Relays []string `json:"relays,omitempty"` // as in boards.yaml; none: those of the rack's boards
}

// WiringLine is a line of the answer: a step, and last of all done or a problem.
type WiringLine struct {
	Step    *WiringStep `json:"step,omitempty"`
	Done    bool        `json:"done,omitempty"`
	Problem *Problem    `json:"problem,omitempty"`
}

// WiringStep is what was found at one relay.
type WiringStep struct {
	Relay  string   `json:"relay"`
	Board  string   `json:"board"`  // that hangs on it by the inventory; empty: none
	Result string   `json:"result"` // right, crossed, found, silent, skipped, failed
	Seen   []string `json:"seen"`   // MAC addresses that asked for a boot entry after it was switched
	Named  []string `json:"named"`  // the boards that they belong to; empty where there is none
	Text   string   `json:"text"`
}
