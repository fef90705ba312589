package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// Server serves API v1 on one listener. Make it with New, bind it with Listen, and Run it once.
type Server struct {
	cfg  Config
	log  *slog.Logger
	http *fasthttp.Server
	ln   *listener

	asking    context.Context // of questions to the fleet; ends when the grace is over
	giveUp    context.CancelFunc
	streams   context.Context // of followed logs; ends as soon as the server is to stop
	hush      context.CancelFunc
	slots     chan struct{} // one for each followed log
	verifying chan struct{} // one for each image that is being hashed
	uploading chan struct{} // one for each artifact that is coming in
	imaging   sync.Mutex    // held while images come and go, and artifacts go
	shown     *shownBoards
	audience  audience
	closing   atomic.Bool
	ready     chan struct{}
}

// New makes a server; nothing is bound yet.
func New(cfg Config) *Server { return build(cfg, (*Server).handler) }

// build makes a server that answers by the handler that of makes.
func build(cfg Config, of func(*Server) fasthttp.RequestHandler) *Server {
	s := &Server{cfg: cfg.withDefaults(), ready: make(chan struct{}), shown: newShownBoards(), audience: audience{there: make(map[*conn]context.CancelFunc)}}
	s.log = s.cfg.Logger
	s.verifying = make(chan struct{}, 1)
	s.uploading = make(chan struct{}, maxUploads)
	s.slots = make(chan struct{}, s.cfg.MaxStreams)
	s.asking, s.giveUp = context.WithCancel(context.Background())
	s.streams, s.hush = context.WithCancel(s.asking)
	s.http = &fasthttp.Server{
		Name:                  "mozpool",
		Handler:               s.framed(s.whole(of(s))),
		ErrorHandler:          s.badRequest,
		MaxRequestBodySize:    s.cfg.MaxBody,
		StreamRequestBody:     true, // for uploads; whole counts the others
		ReadBufferSize:        s.cfg.MaxHeader,
		Concurrency:           2 * s.cfg.MaxConns, // never reached: the listener counts, and explains
		ReadTimeout:           s.cfg.ReadLimit,
		IdleTimeout:           s.cfg.IdleLimit, // writes have deadlines of their own, see listener
		CloseOnShutdown:       true,
		NoDefaultServerHeader: true,
		NoDefaultContentType:  true,
		SecureErrorLogMessage: true,
		Logger:                quiet{s.log},
		// A multipart form is no JSON; read as a form it would be parsed before the handler can refuse it.
		DisablePreParseMultipartForm: true,
	}
	return s
}

// Listen binds the socket, so that all sockets of a server are bound before any of its loops starts.
func (s *Server) Listen() error {
	ln, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen for the API on %s: %w", s.cfg.Listen, err)
	}
	s.ln = newListener(ln, s.cfg)
	return nil
}

// secured is the listener that requests come from.
func (s *Server) secured() net.Listener {
	if s.cfg.TLS == nil {
		return s.ln
	}
	return endings{tls.NewListener(s.ln, s.cfg.TLS)}
}

// Addr is where the server listens, host:port; empty before Listen.
func (s *Server) Addr() string {
	if s.ln == nil {
		return ""
	}
	return s.ln.Addr().String()
}

// URL is the address for clients; empty before Listen.
func (s *Server) URL() string {
	if s.ln == nil {
		return ""
	}
	if s.cfg.TLS != nil {
		return "https://" + s.Addr()
	}
	return "http://" + s.Addr()
}

// Close lets go of the socket of a server that is not to run; Run does so by itself.
func (s *Server) Close() error {
	if s.ln == nil {
		return nil
	}
	return s.ln.Close()
}

// String names the task in logs.
func (s *Server) String() string { return "api " + s.Addr() }

// Ready is closed once requests are answered.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Run answers requests until ctx ends, and listens first if Listen was not called. It returns nil after an orderly
// stop; running requests have the grace of the configuration, followed logs end at once.
func (s *Server) Run(ctx context.Context) error {
	defer s.giveUp()
	if s.ln == nil {
		if err := s.Listen(); err != nil {
			return err
		}
	}
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(s.secured()) }() // ends when stop closes the listener
	go s.audience.look(s.streams)                       // ends with the streams
	close(s.ready)
	select {
	case err := <-served:
		return errors.Join(fmt.Errorf("serve the API on %s", s.Addr()), err)
	case <-ctx.Done():
	}
	s.stop()
	if err := <-served; err != nil {
		return fmt.Errorf("serve the API on %s: %w", s.Addr(), err)
	}
	return nil
}

// stop ends the server: first the streams, which never end by themselves; then the listener and idle connections;
// after the grace everything that is left, since a client that reads slowly must not keep the server from stopping.
func (s *Server) stop() {
	s.closing.Store(true)
	s.hush()
	defer func() { _ = s.ln.Close() }() // fasthttp knows only a listener that Serve has taken up already
	grace, cancel := context.WithTimeout(context.Background(), s.cfg.Grace)
	defer cancel()
	if err := s.http.ShutdownWithContext(grace); err == nil {
		return
	}
	s.giveUp()
	n := s.ln.closeAll()
	s.log.Warn("connections cut: they did not end in time", "connections", n, "grace", s.cfg.Grace)
	last, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.http.ShutdownWithContext(last) // what is left hangs in the fleet and ends by its own limit
}

// quiet takes what fasthttp has to say: mostly that clients hang up.
type quiet struct{ log *slog.Logger }

// Printf implements fasthttp.Logger.
func (q quiet) Printf(format string, args ...any) {
	q.log.Debug("fasthttp: " + fmt.Sprintf(format, args...))
}
