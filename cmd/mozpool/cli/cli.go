// Package cli is the part of the command line that talks to a server: noun, then verb.
//
// It decides what people see: tables, ages instead of times, one sentence for an error, and the exit code. It refuses
// to know anything that the API does not say, so whatever it can do, a program can do too. The main package embeds
// CLI (or its parts) in its own grammar, binds a *Context, and turns the error into the exit code.
//
// Dependency: kong, because its grammar is a struct that reads like the help text.
package cli

import (
	"cmp"
	"context"
	"io"
	"os"
	"os/user"
	"time"

	"golang.org/x/term"

	"mozpool/httpapi/client"
)

// CLI are all commands that talk to a server. Embed it, or its parts.
type CLI struct {
	Globals
	Board     Board     `cmd:"" help:"Look at boards and ask things of them."`
	Artifact  Artifact  `cmd:"" help:"Files that were uploaded for images."`
	Image     Image     `cmd:"" help:"Images that can be put on boards."`
	Hardware  Hardware  `cmd:"" help:"Hardware types."`
	Relay     Relay     `cmd:"" help:"Relay boards."`
	Rack      Rack      `cmd:"" help:"Racks."`
	Incident  Incident  `cmd:"" help:"What stops several boards and is not their fault."`
	Repair    Repair    `cmd:"" help:"Boards that somebody should go to."`
	Cluster   Cluster   `cmd:"" help:"The servers of a cluster, and who holds which rack."`
	Inventory Inventory `cmd:"" help:"Where boards come from."`
	Event     Event     `cmd:"" help:"What happens to boards."`
	Named     Contexts  `cmd:"" name:"context" help:"Servers that have names, and the one that is talked to."`
	Self      Server    `cmd:"" name:"server" help:"The server itself."`
	Report    Report    `cmd:"" help:"Tell how boards fared: success, durations, blame, and who stands out."`
	Reload    Reload    `cmd:"" help:"Have the server read boards and images again."`
}

// DefaultServer is where a server listens unless told otherwise.
const DefaultServer = "http://127.0.0.1:8080"

// Globals are the flags that all commands share.
type Globals struct {
	// Server is read from the environment by NewContext, not by kong: "config default --server NAME" takes the same flag
	// for the name of a server, and must not take the URL for it.
	Server string `placeholder:"URL" help:"Server to talk to ($MOZPOOL_SERVER; http://127.0.0.1:8080)."`
	Token  string `env:"MOZPOOL_TOKEN" placeholder:"TOKEN" help:"Bearer token."`
	// Context is one of "mozpool context list"; it goes before MOZPOOL_SERVER, as it was meant now.
	Context string `env:"MOZPOOL_CONTEXT" placeholder:"NAME" help:"Server to talk to, by its name in mozpool context list."`
}

// Format is the flag of all commands that show things. It stands with each noun, since -o means a folder elsewhere.
type Format struct {
	Output string `short:"o" enum:",table,wide,json,yaml,name" default:"" placeholder:"FORM" help:"table, wide, json, yaml or name. Commands that show several things one by one write a JSON object or a YAML document for each."`
}

// Output is the form that was asked for, with whichever noun.
func (c *CLI) Output() string {
	return cmp.Or(c.Board.Output, c.Image.Output, c.Artifact.Output, c.Hardware.Output, c.Relay.Output, c.Rack.Output, c.Incident.Output, c.Repair.Output, c.Inventory.Output, c.Cluster.Output, c.Event.Output, c.Named.Output, c.Self.Output, c.Report.Output, "table")
}

// Context is what commands work with. NewContext fills it for a terminal; tests fill it for themselves.
type Context struct {
	Context context.Context
	Client  *client.Client
	Out     io.Writer
	Err     io.Writer
	Output  string           // table, wide, json, yaml or name
	Color   bool             // on Out
	Screen  bool             // Out is a terminal that can be cleared
	Now     func() time.Time // for ages
	Every   time.Duration    // between two looks of --watch and --wait
}

// NewContext is the context of a process: standard output and error, the wall clock.
func NewContext(ctx context.Context, g *CLI) (*Context, error) {
	c, err := connect(g)
	if err != nil {
		return nil, &Error{Exit: ExitUsage, Err: err}
	}
	terminal := term.IsTerminal(int(os.Stdout.Fd()))
	return &Context{Context: ctx, Client: c, Out: os.Stdout, Err: os.Stderr, Output: g.Output(), Now: time.Now, Every: time.Second,
		Color: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", Screen: terminal}, nil
}

// login is the name that the server shows for what is asked; empty if the machine does not say.
func login() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// pause waits for the next look; false: the command is to end.
func (c *Context) pause() bool {
	t := time.NewTimer(c.Every)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.Context.Done():
		return false
	}
}
