package v1

import (
	"time"

	"mozpool/actors/board"
)

// Report is how boards fared in a span of time, as far back as the server keeps attempts (1,000 a board) and
// transitions (100 a board).
type Report struct {
	From     time.Time     `json:"from"` // attempts that ended from here
	To       time.Time     `json:"to"`   // to here
	Boards   int           `json:"boards"`
	Sum      ReportCount   `json:"sum"`
	Days     []ReportDay   `json:"days"`   // each of the span, the oldest first, by UTC
	Stages   []ReportStage `json:"stages"` // sorted by hardware, then in the order of a board's life; attempt is a whole one that succeeded
	Blame    []ReportBlame `json:"blame"`  // of failed attempts, the most frequent first
	Hardware []ReportThing `json:"hardware"`
	Worst    []ReportThing `json:"worst_boards"` // at most 20, those with the most failed attempts and tries first
	Relays   []ReportThing `json:"worst_relays"`
	Images   []ReportThing `json:"worst_images"`

	// What the details of attempts add, of which the server keeps 50 a board and the report reads the latest 1,000.
	Detailed int            `json:"detailed"`      // attempts whose details are counted; of the others the transitions are
	Missing  []string       `json:"missing"`       // servers that did not answer, so that their details are not among these
	Boots    []ReportBoots  `json:"boots"`         // by hardware
	Visits   []ReportVisits `json:"failed_visits"` // the most frequent first
	Answers  []ReportAnswer `json:"relay_answers"` // the slowest first
}

// ReportBoots is how many boots the attempts of a hardware type took, whatever came of them.
type ReportBoots struct {
	Hardware string `json:"hardware"`
	Attempts int    `json:"attempts"`
	P50      int    `json:"p50"`
	P95      int    `json:"p95"`
	Most     int    `json:"most"`
}

// ReportVisits is how many visits of a state failed, and what that was put down to.
type ReportVisits struct {
	Stage string     `json:"stage"`
	Part  board.Part `json:"part"`
	Times int        `json:"times"`
}

// ReportAnswer is how long a relay board took for what boards asked of it, in seconds, its queue and rests included.
type ReportAnswer struct {
	Relay string  `json:"relay"`
	Count int     `json:"count"`
	P50   float64 `json:"p50"`
	P95   float64 `json:"p95"`
}

// ReportCount counts attempts that ended.
type ReportCount struct {
	Attempts  int `json:"attempts"`
	FirstBoot int `json:"first_boot"` // succeeded without a failed try
	Succeeded int `json:"succeeded"`  // in all
	Failed    int `json:"failed"`     // ended in failed_…; the others were given up by people
	Tries     int `json:"tries"`      // failed visits
}

// ReportDay is the count of a day.
type ReportDay struct {
	Day string `json:"day"` // 2006-01-02
	ReportCount
}

// ReportThing is the count of a board, relay board, image or hardware type.
type ReportThing struct {
	Name string `json:"name"`
	ReportCount
}

// ReportStage is how long a state lasted, in seconds.
type ReportStage struct {
	Hardware string  `json:"hardware"`
	Stage    string  `json:"stage"` // a state, or attempt
	Count    int     `json:"count"`
	P50      float64 `json:"p50"`
	P95      float64 `json:"p95"`
}

// ReportBlame is how many failed attempts were put down to a part.
type ReportBlame struct {
	Part     board.Part `json:"part"`
	Attempts int        `json:"attempts"`
}
