// Package httpapi is the face of a server towards people and programs: API v1.
//
// It decides how boards, images, relays and logs look from outside, which requests are well formed, and what an error
// looks like: one function (problemOf) turns every error into RFC 9457 with a kind and a remedy. It is called by
// "mozpool serve" and "mozpool demo", which give it the fleet; what it listens on is for people and programs only,
// boards have listeners of their own (package netboot).
//
// It refuses to decide anything about boards: a wish is handed to the Fleet, whose answer is passed on. No GET changes
// anything. It redirects nobody, since a redirect turns a client's POST into a GET. Nothing of a fasthttp request
// leaves its handler: the buffers below it are used again for the next request, so everything that is handed on is
// copied first (request.go is the only file that reads them).
//
// Dependencies: fasthttp, because a server of a thousand boards is asked all day; fasthttp/router, which finds routes
// without allocating; prometheus/client_golang, whose page is served as it makes it.
package httpapi

import (
	"context"
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"mozpool/actors"
	"mozpool/httpapi/access"
	"mozpool/httpapi/events"
	"mozpool/httpapi/mozpool1"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images"
	"mozpool/persistence"
)

// Fleet is what the API uses of the boards. *actors.Fleet is one.
type Fleet interface {
	Views() []*actors.View // sorted by name
	ByName(name string) *actors.View
	Strangers() []actors.Stranger
	Wish(ctx context.Context, name string, r actors.Request) (actors.Answer, error)
	Do(ctx context.Context, name string, o actors.Order) (actors.Answer, error)
	// ForeseeWish and ForeseeOrder say what would become of it, and do nothing.
	ForeseeWish(ctx context.Context, name string, r actors.Request) (actors.Answer, error)
	ForeseeOrder(name string, o actors.Order) (actors.Answer, error)
	Why(name string) (actors.Why, error)
	Attempts(ctx context.Context, name string, limit int) ([]actors.Attempt, error)
	History(ctx context.Context, name string, limit int) ([]actors.Event, error)
	Moments(ctx context.Context, name string, attempt uint32) ([]actors.Moment, error)
	Details(ctx context.Context, of []actors.AttemptOf) ([]actors.Details, error)
	Relays() []actors.RelayView
	Relay(ctx context.Context, power string, do actors.RelayDo, by string, force bool) (on bool, err error)
	Repaired(ctx context.Context, name string, o actors.RepairOrder) (actors.Answer, error)
	Repairs(ctx context.Context, name string) ([]actors.Repair, error)
	RepairList() []actors.ToRepair
	ClearImage(image, by string) ([]actors.Incident, error)
	Budget(rack string) (places, held, queued int)
	TestRelay(ctx context.Context, name string) error
	Incidents() []actors.Incident
	CloseIncident(id, by string) (actors.Incident, error)
	CheckWiring(ctx context.Context, rack string, relays []string, by string, each func(actors.WiringStep)) error
}

// Catalogue is what the API shows of images. *images.Catalogue is one.
type Catalogue interface {
	Images() []images.Image
	Hardware() []images.Hardware
	Verify(ctx context.Context, i images.Image) ([]images.Verified, error)
}

// Logs is what the API shows of logs. persistence.Logs is one.
type Logs interface {
	Query(ctx context.Context, f persistence.Filter) ([]persistence.Line, error)
	Export(ctx context.Context, f persistence.Filter, fn func(l persistence.Line) bool) error
	Follow(ctx context.Context, f persistence.Filter, fn func(l persistence.Line, lost uint64) bool) error
}

// SpreadFleet is a Fleet of which other servers have a part of the details: missing are those that gave none, or not all,
// of theirs.
type SpreadFleet interface {
	MomentsOfAll(ctx context.Context, name string, attempt uint32) (all []actors.Moment, missing []string, err error)
	DetailsOfAll(ctx context.Context, of []actors.AttemptOf) (all []actors.Details, missing []string, err error)
}

// LateFleet is a Fleet that shows boards of other servers, later than these know of them. Freshen brings what is shown of a
// board, or of all (""), up to date, or takes no longer than a second.
type LateFleet interface {
	Freshen(ctx context.Context, name string)
}

// SpreadLogs are Logs of which other servers have a part: missing are those that gave none of theirs.
type SpreadLogs interface {
	QueryAll(ctx context.Context, f persistence.Filter) (lines []persistence.Line, missing []string, err error)
	Elsewhere() []string // servers of whose lines Export has none
}

// Config says what a Server shows and how much it takes. Fleet is required; zero fields get the defaults.
type Config struct {
	Listen string // host:port; port 0: any free one
	Fleet  Fleet  // may be a SpreadFleet as well
	// Catalogue returns the images of the moment; nil, or a nil result: none.
	Catalogue func() Catalogue
	Library   Library   // changes images; nil: none can be
	Artifacts Artifacts // what was uploaded; nil: nothing can be
	Imports   Imports   // brings others by their URL; nil: none come so
	Store     Store     // that they lie in, with other files; nil: only they are shown
	Logs      Logs      // nil: boards have no logs; may be SpreadLogs as well
	// Racks are those that the configuration names; Boards and States are counted by the server.
	Racks    []v1.Rack
	Events   *events.Hub         // what happens to boards; nil: nothing does
	Webhooks func() []v1.Webhook // those who are told of events; nil: none are
	Cluster  Cluster             // nil: this server is by itself
	// Info says what the server is; Boards, Ready and Reasons are filled in. nil: nothing is known of it.
	Info      func() v1.Server
	Dumps     Dumps     // nil: boards may leave none
	Inventory Inventory // nil: boards come from the boards file
	// Reload reads boards and images again; a bad file changes nothing. nil: there is nothing to reload.
	Reload func(ctx context.Context) error
	// Backup begins a backup of what the server must not lose, as it is at that moment; without artifacts it only names
	// them. nil: nothing can be had.
	Backup func(ctx context.Context, artifacts bool) (Backup, error)
	// NotReady returns why the server cannot do its work now; empty: it can. nil: it always can.
	NotReady func() []string
	// Remarks returns what people should know of a server that does its work. nil: nothing.
	Remarks func() []string
	// Metrics are shown at /metrics in the format of Prometheus. nil: there is no such page.
	Metrics prometheus.Gatherer
	// Identify says who asks and what they may, or refuses; it sees every request but /livez and /readyz. nil: Identify.
	Identify func(*fasthttp.RequestCtx) (access.Caller, error)
	Audit    func(access.Change) // told of every change that was asked for; nil: nobody is
	Old      *mozpool1.API       // answers what is below /api and not API v1; nil: nothing is there
	TLS      *tls.Config         // nil: HTTP without TLS
	Logger   *slog.Logger        // nil: silence
	Level    *slog.LevelVar      // of the Logger; nil: it cannot be changed
	Clock    func() time.Time    // nil: time.Now

	MaxBody   int // bytes of a request's body; default 1 MiB
	MaxHeader int // bytes of a request's headers; default 16 KiB
	MaxConns  int // connections at once; default 1024
	// MaxConnsPerSource is of one address, or one IPv6 /64, at once; those behind a proxy share its. Default 256.
	MaxConnsPerSource int
	MaxStreams        int           // answers that follow a log at once; default 128
	ReadLimit         time.Duration // for a whole request to arrive; default 10s
	WriteLimit        time.Duration // for each write to a client; default 10s
	IdleLimit         time.Duration // between two requests of a connection; default 2m
	AskLimit          time.Duration // for the fleet to answer; default 15s
	Heartbeat         time.Duration // between signs of life of a followed log; default 15s
	Grace             time.Duration // for running requests when the server stops; default 5s
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Identify == nil {
		c.Identify = Identify
	}
	if c.Events == nil {
		c.Events = events.New()
	}
	if c.Audit == nil {
		c.Audit = func(access.Change) {}
	}
	if c.Info == nil {
		c.Info = func() v1.Server { return v1.Server{} }
	}
	if c.NotReady == nil {
		c.NotReady = func() []string { return nil }
	}
	if c.Remarks == nil {
		c.Remarks = func() []string { return nil }
	}
	orDefault(&c.MaxBody, 1<<20)
	orDefault(&c.MaxHeader, 16<<10)
	orDefault(&c.MaxConns, 1024)
	orDefault(&c.MaxConnsPerSource, 256)
	orDefault(&c.MaxStreams, 128)
	orDefault(&c.ReadLimit, 10*time.Second)
	orDefault(&c.WriteLimit, 10*time.Second)
	orDefault(&c.IdleLimit, 2*time.Minute)
	orDefault(&c.AskLimit, 15*time.Second)
	orDefault(&c.Heartbeat, 15*time.Second)
	orDefault(&c.Grace, 5*time.Second)
	return c
}

func orDefault[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// catalogue is the one of the moment, nil if there is none.
func (s *Server) catalogue() Catalogue {
	if s.cfg.Catalogue == nil {
		return nil
	}
	return s.cfg.Catalogue()
}
