// Package doctor looks for what keeps a server's boards from booting, before a board has to find out.
//
// It decides what is looked at on the machine, in the racks' networks and at the relay boards, and how bad what was found
// is: green, amber (somebody should look, or it could not be looked at) or red (boards fail of it), each with its remedy.
// It refuses to mend anything: it switches no relay, writes nothing but a temporary file in the data folder, and asks a
// running server before it touches what that server holds. A DHCP discover and pings are all that it puts on the network.
// "mozpool doctor" calls it, on the server's own machine.
package doctor

import (
	"context"
	"time"

	"mozpool/actors/inventory"
	"mozpool/cmd/mozpool/config"
	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images"
)

// Level is how bad a finding is.
type Level string

// The levels, from good to bad.
const (
	Green Level = "green" // as it should be
	Amber Level = "amber" // somebody should look; or it could not be looked at, and the text says why
	Red   Level = "red"   // boards fail of it
)

// Finding is the answer to one question.
type Finding struct {
	Check   string `json:"check"`   // what was looked at: clock, ports, …
	Subject string `json:"subject"` // where: a rack, a relay board, a folder; empty: the machine
	Level   Level  `json:"level"`
	Text    string `json:"text"`
	Remedy  string `json:"remedy"` // empty when green
}

// Report is everything that was found, in the order of the checks.
type Report struct {
	Level    Level     `json:"level"` // the worst
	Findings []Finding `json:"findings"`
}

// Server is what is asked of a running server; *client.Client is one.
type Server interface {
	Relays(context.Context) ([]v1.Relay, error)
	TestRelay(ctx context.Context, name string) (v1.Relay, error)
	Log(ctx context.Context, board string, q client.LogQuery) ([]v1.Line, error)
}

// Hardware is what is looked at of a hardware type.
type Hardware struct {
	Name, Live, FDT string        // as in images.yaml
	Loader          images.Loader // the family that it is pinned to
}

// Site is what is examined.
type Site struct {
	Config   config.Config
	Boards   []inventory.Spec
	Hardware []Hardware
	Server   Server           // nil: none runs
	Silent   time.Duration    // a loader that did not ask for so long is worth a look; 0: a week
	Now      func() time.Time // nil: time.Now
}

const week = 7 * 24 * time.Hour

// checks are run in this order: what others depend on comes first, so that the first red one is the cause.
var checks = []func(context.Context, *Site) []Finding{
	clock, disks, buffers, ports, packets, transfers, files, names, relays, dhcp, silence,
}

// Examine runs every check. It ends early, with what it has, when ctx does.
func Examine(ctx context.Context, s Site) Report {
	if s.Silent <= 0 {
		s.Silent = week
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	r := Report{Level: Green}
	for _, check := range checks {
		if ctx.Err() != nil {
			r.add(Finding{Check: "doctor", Level: Amber, Text: "was interrupted; the rest was not looked at", Remedy: "run it again"})
			break
		}
		r.add(check(ctx, &s)...)
	}
	return r
}

// add appends findings and raises the report's level to theirs.
func (r *Report) add(found ...Finding) {
	for _, f := range found {
		if f.Level == Red || f.Level == Amber && r.Level == Green {
			r.Level = f.Level
		}
	}
	r.Findings = append(r.Findings, found...)
}

// With puts a finding in front: what was noticed before the examination.
func (r Report) With(f Finding) Report {
	out := Report{Level: r.Level}
	out.add(f)
	out.Findings = append(out.Findings, r.Findings...)
	return out
}

func green(check, subject, text string) Finding {
	return Finding{Check: check, Subject: subject, Level: Green, Text: text}
}

func amber(check, subject, text, remedy string) Finding {
	return Finding{Check: check, Subject: subject, Level: Amber, Text: text, Remedy: remedy}
}

func red(check, subject, text, remedy string) Finding {
	return Finding{Check: check, Subject: subject, Level: Red, Text: text, Remedy: remedy}
}
