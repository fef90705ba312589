package actors

import "fmt"

// ProblemKind says what kind of answer a problem is; it stands in the API's answers and never changes.
type ProblemKind string

// The kinds of problems, with the HTTP status that httpapi gives them.
const (
	NotFound    ProblemKind = "not_found"   // 404
	BadRequest  ProblemKind = "bad_request" // 400
	Refused     ProblemKind = "refused"     // 409
	Mismatch    ProblemKind = "mismatch"    // 412
	Locked      ProblemKind = "locked"      // 423
	Unavailable ProblemKind = "unavailable" // 503
)

// Problem is an error that people are told: what is wrong with what, and what to do instead.
type Problem struct {
	Kind   ProblemKind
	Text   string
	Remedy string
}

func (p *Problem) Error() string {
	if p.Remedy == "" {
		return p.Text
	}
	return p.Text + "; " + p.Remedy
}

func problem(kind ProblemKind, remedy, format string, a ...any) *Problem {
	return &Problem{Kind: kind, Text: fmt.Sprintf(format, a...), Remedy: remedy}
}
