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
	Info ServerInfo `cmd:"" help:"Say what the server is, and how it is."`
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
	line("racks", strings.Join(s.Racks, ", "))
	line("boards", fmt.Sprint(s.Boards))
	return t
}
