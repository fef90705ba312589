package v1

import "time"

// Server is what a server is, and how it is.
type Server struct {
	Name    string    `json:"name"`
	Version string    `json:"version"`
	Commit  string    `json:"commit"`
	Go      string    `json:"go"` // version of Go that it was built with
	Began   time.Time `json:"began"`
	Now     time.Time `json:"now"`     // the server's clock, by which all times are
	API     string    `json:"api"`     // address of API v1
	OldAPI  string    `json:"old_api"` // address of the original's API alone; empty: there is none
	Tokens  bool      `json:"tokens"`  // whether it asks for tokens
	// LogLevel is how much its own log tells: DEBUG, INFO, WARN or ERROR; empty: not known.
	LogLevel string   `json:"log_level"`
	Racks    []string `json:"racks"` // that it serves
	Boards   int      `json:"boards"`
	Ready    bool     `json:"ready"`
	Reasons  []string `json:"reasons"` // why it is not ready; empty: it is
}

// LogLevel is how much a server's own log tells.
type LogLevel struct {
	Level string `json:"level"` // DEBUG, INFO, WARN or ERROR
}
