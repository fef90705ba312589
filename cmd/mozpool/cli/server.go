package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	v1 "mozpool/httpapi/v1"
)

// Server is the part of "mozpool server" that asks the server. Plugins are the main package's verbs, which work on files.
type Server struct {
	Format
	kong.Plugins
	Info     ServerInfo     `cmd:"" help:"Say what the server is, and how it is."`
	LogLevel ServerLogLevel `cmd:"" help:"Say how much the server's own log tells, or change it until the server starts anew."`
}

// ServerInfo is "mozpool server info".
type ServerInfo struct{}

// Run asks the server.
func (*ServerInfo) Run(c *Context) error {
	s, err := c.Client.ServerInfo(c.Context)
	if err != nil {
		return coded(err)
	}
	return coded(c.show(s, []string{s.Name}, func() *table { return c.serverTable(s) }))
}

// ServerLogLevel is "mozpool server log-level".
type ServerLogLevel struct {
	Level string `arg:"" optional:"" help:"DEBUG, INFO, WARN or ERROR; without it nothing is changed."`
}

// Run asks the server.
func (l *ServerLogLevel) Run(c *Context) error {
	if l.Level == "" {
		s, err := c.Client.ServerInfo(c.Context)
		if err != nil {
			return coded(err)
		}
		return coded(c.showLevel(s.LogLevel))
	}
	level, err := c.Client.SetLogLevel(c.Context, l.Level)
	if err != nil {
		return coded(err)
	}
	return coded(c.showLevel(level))
}

func (c *Context) showLevel(level string) error {
	return c.show(v1.LogLevel{Level: level}, []string{level}, func() *table {
		t := &table{head: []string{"level"}}
		t.add(plain(level))
		return t
	})
}

func (c *Context) serverTable(s v1.Server) *table {
	t := &table{head: []string{"server", s.Name}}
	line := func(name, text string) {
		if text != "" {
			t.add(plain(name), plain(text))
		}
	}
	ready := cell{"yes", green}
	if !s.Ready {
		ready = cell{"no: " + strings.Join(s.Reasons, "; "), red}
	}
	t.add(plain("ready"), ready)
	line("version", fmt.Sprintf("%s (commit %s, %s)", s.Version, s.Commit, s.Go))
	line("up for", age(s.Now, s.Began))
	line("clock", s.Now.UTC().Format("2006-01-02T15:04:05Z"))
	line("api", s.API)
	line("old api", s.OldAPI)
	line("tokens", map[bool]string{true: "asked for", false: "not asked for"}[s.Tokens])
	line("log level", s.LogLevel)
	line("racks", strings.Join(s.Racks, ", "))
	line("boards", fmt.Sprint(s.Boards))
	return t
}
