package config

import (
	_ "embed"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"text/template"
)

// defaultText is the commented file that WriteDefault fills in.
//
//go:embed default.yaml.tmpl
var defaultText string

var defaultTemplate = template.Must(template.New("default").Funcs(template.FuncMap{"quote": quote}).Parse(defaultText))

// loopback is where the first server listens, until somebody decides otherwise.
const loopback = "127.0.0.1"

// DefaultOptions are the values that "mozpool config default" fills in; empty
// ones, and ports that are nil, stay at their defaults.
type DefaultOptions struct {
	Server string  // --server
	Data   string  // --data
	Files  string  // --files
	Listen string  // --listen: address of the rack; as host:port it is the API's as well
	HTTP   *uint16 // --http: port of the rack's HTTP listener
	TFTP   *uint16 // --tftp
	Syslog *uint16 // --syslog
}

// WriteDefault writes a configuration with a comment for every key, which Load
// accepts, with one rack, r1, so that a server started with it serves boards.
func WriteDefault(w io.Writer, o DefaultOptions) error {
	c, r := Default(), DefaultRack()
	for _, f := range []struct {
		into  *string
		value string
	}{{&c.Server, o.Server}, {&c.Data, o.Data}, {&c.Files, o.Files}} {
		if f.value != "" {
			*f.into = f.value
		}
	}
	for _, p := range []struct{ into, value *uint16 }{{&r.Ports.HTTP, o.HTTP}, {&r.Ports.TFTP, o.TFTP}, {&r.Ports.Syslog, o.Syslog}} {
		if p.value != nil {
			*p.into = *p.value
		}
	}
	listen := loopback
	if o.Listen != "" {
		listen = o.Listen
	}
	if host, port, err := net.SplitHostPort(listen); err == nil {
		if host == "" || host == "localhost" {
			host = loopback
		}
		c.API.Listen, listen = net.JoinHostPort(host, port), host
	}
	if err := defaultTemplate.Execute(w, struct {
		Config
		Rack   Rack
		Listen string
	}{c, r, listen}); err != nil {
		return fmt.Errorf("write default configuration: %w", err)
	}
	return nil
}

// quote writes a text as a YAML string in double quotes, of which JSON's and
// Go's escapes for printable text are a part.
func quote(s string) string {
	return strings.ReplaceAll(strconv.Quote(s), `\x`, `\u00`)
}
