// Package mozpool1 is the API of the original Mozpool, for the clients that were written for it.
//
// It decides how our boards look through the original's words: its paths in the final form (/api/device/…) and in that
// of 2012 (/api/board/…, /api/bootimage/…), its JSON shapes, its names of states both ways. It refuses to have ways of
// its own: each request becomes a wish, an order or evidence for the fleet, which may refuse it. Nothing is redirected,
// since a redirect turns a client's POST into a GET. Requests for devices (leases) are answered with 501.
//
// Package httpapi calls it for every path below /api that is not API v1, on the listener of people and programs under
// its rules, and on old_api.listen.
package mozpool1

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi/access"
	"mozpool/netboot/images"
	"mozpool/persistence"
)

// Fleet is what the old API uses of the boards. *actors.Fleet is one.
type Fleet interface {
	Views() []*actors.View // sorted by name
	ByName(name string) *actors.View
	Wish(ctx context.Context, name string, r actors.Request) (actors.Answer, error)
	Do(ctx context.Context, name string, o actors.Order) (actors.Answer, error)
	Ask(ctx context.Context, id string, e actors.Evidence) (board.Verdict, error)
	Relay(ctx context.Context, power string, do actors.RelayDo, by string, force bool) (on bool, err error)
	Relays() []actors.RelayView
}

// Logs is where boards' log lines are read.
type Logs interface {
	Query(ctx context.Context, f persistence.Filter) ([]persistence.Line, error)
}

// Catalogue is what the old API shows of images. *images.Catalogue is one.
type Catalogue interface {
	Images() []images.Image
	Hardware() []images.Hardware
}

// Config says what an API shows. Fleet is required; nil elsewhere means that there is none.
type Config struct {
	Fleet     Fleet
	Catalogue func() Catalogue // nil result: no images
	Logs      Logs
	Server    string                                        // name of this server, shown as imaging_server
	Version   string                                        // of the program; empty: unknown
	Ping      func(ctx context.Context, a netip.Addr) error // nil: boards never answer
	Bare      func(rack string) bool                        // racks whose boards' own callbacks carry no token
	Clock     func() time.Time                              // nil: time.Now
}

// API answers requests of the old API. It is safe for all goroutines.
type API struct{ cfg Config }

// New makes an API.
func New(cfg Config) *API {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Version == "" {
		cfg.Version = "unknown"
	}
	return &API{cfg: cfg}
}

// Request is one request. Nothing in it belongs to the HTTP server's buffers.
type Request struct {
	Method string
	Path   string            // as it came, escaped
	Query  map[string]string // the first of each name
	Body   []byte
	Caller access.Caller
	Key    string // Idempotency-Key; empty: none
}

// Reply is what is answered. Body is encoded as JSON; nil: there is none, and Status is 204.
type Reply struct {
	Status int
	Body   any
}

// Route is one line of the table, found for a request.
type Route struct {
	Need access.Role // what it takes
	do   func(*call) (any, error)
	args []string
}

// call is a request on its way through a handler.
type call struct {
	*API
	ctx  context.Context
	req  Request
	args []string // what stood in place of {} in the path
}

// Find finds the route of a request, or says with a problem that there is none. allow are the methods that the path
// has, where the method was wrong.
func Find(method, path string) (r Route, allow []string, err error) {
	parts := split(path)
	for _, e := range table {
		args, ok := e.match(parts)
		if !ok {
			continue
		}
		if e.method == method || e.looks() && method == "HEAD" {
			return Route{e.need, e.do, args}, nil, nil
		}
		if allow = append(allow, e.method); e.looks() {
			allow = append(allow, "HEAD")
		}
	}
	if len(allow) > 0 {
		allow = append(allow, "OPTIONS")
		return r, allow, problem("method_not_allowed", "use "+strings.Join(allow, ", "), "%s is not possible on %q", method, path)
	}
	return r, nil, problem(actors.NotFound, "see the description of Mozpool's API, or use /api/v1", "there is nothing at %q", path)
}

// Line is one line of the table.
type Line struct {
	Method string
	Path   string      // below /api/, with {} for any one part
	Need   access.Role // what it takes
}

// Lines are the whole table.
func Lines() []Line {
	all := make([]Line, len(table))
	for i, e := range table {
		all[i] = Line{e.method, strings.Join(e.parts, "/"), e.need}
	}
	return all
}

// Serve answers a request by its route.
func (a *API) Serve(ctx context.Context, r Route, req Request) (Reply, error) {
	body, err := r.do(&call{API: a, ctx: ctx, req: req, args: r.args})
	if err != nil {
		return Reply{}, err
	}
	if body == nil {
		return Reply{Status: 204}, nil
	}
	return Reply{Status: 200, Body: body}, nil
}
