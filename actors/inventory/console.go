package inventory

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"mozpool/persistence/strictyaml"
)

const consoleTCP = "tcp://"

// ConsoleAddress is host:port of a console that is read (tcp://host:port, such as one of ser2net); false: it is none, or
// only shown.
func ConsoleAddress(console string) (string, bool) {
	return strings.CutPrefix(console, consoleTCP)
}

// ConsoleURL is what people open to see a board's console: the inventory's URL with {name} and {mac} filled in; empty:
// there is none.
func (s *Spec) ConsoleURL() string {
	return strings.NewReplacer("{name}", url.PathEscape(s.Name), "{mac}", s.MAC.String()).Replace(s.Console)
}

// checkConsole looks at a board's console.
func checkConsole(console string) error {
	const remedy = "write tcp://HOST:PORT of a terminal server, or a URL for people, in which {name} and {mac} are filled in"
	bad := func(what string) error { return &strictyaml.RemedyError{What: what, Remedy: remedy} }
	if addr, ok := ConsoleAddress(console); ok {
		host, port, err := net.SplitHostPort(addr)
		if n, e := strconv.ParseUint(port, 10, 16); err != nil || e != nil || n == 0 || host == "" {
			return bad(fmt.Sprintf("%q is no console", console))
		}
		return nil
	}
	u, err := url.Parse(console)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || hasControl(console) || len(console) > 4*maxText {
		return bad("the console is no address of one")
	}
	return nil
}
