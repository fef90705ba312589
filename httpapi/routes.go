package httpapi

import (
	"fmt"
	"runtime/debug"

	"github.com/fasthttp/router"
	"github.com/valyala/fasthttp"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// handler answers one request; an error becomes a problem.
type handler func(r *request) error

// route is one line of the API.
type route struct {
	method string
	path   string
	query  []string // the parameters that it knows
	do     handler
}

// routes is the whole API. GET stands for HEAD as well.
func (s *Server) routes() []route {
	const one = v1.Prefix + "/boards/{name}"
	all := []route{
		{"GET", v1.Prefix + "/boards", []string{"rack", "state", "label", "image", "text", "limit", "cursor"}, s.listBoards},
		{"GET", one, nil, s.showBoard},
		{"POST", one + "/image", nil, s.wishImage},
		{"POST", one + "/cancel", nil, s.cancel},
		{"POST", one + "/accept", nil, s.plainOrder(board.Accept)},
		{"POST", one + "/lock", nil, s.lock},
		{"POST", one + "/unlock", nil, s.plainOrder(board.Unlock)},
		{"PUT", one + "/state", nil, s.setState},
		{"GET", one + "/why", nil, s.why},
		{"GET", one + "/history", []string{"limit"}, s.history},
		{"GET", one + "/attempts", []string{"limit"}, s.attempts},
		{"GET", one + "/attempts/{number}", nil, s.attempt},
		{"GET", one + "/log", []string{"since", "until", "source", "severity", "text", "tail", "follow", "all"}, s.boardLog},
		{"GET", v1.Prefix + "/images", nil, s.images},
		{"GET", v1.Prefix + "/hardware", nil, s.hardware},
		{"GET", v1.Prefix + "/racks", nil, s.racks},
		{"GET", v1.Prefix + "/discovered", nil, s.discovered},
		{"GET", v1.Prefix + "/server", nil, s.info},
		{"PUT", v1.Prefix + "/server/log-level", nil, s.setLogLevel},
		{"GET", v1.Prefix + "/report", []string{"since", "rack"}, s.report},
		{"POST", v1.Prefix + "/backup", []string{"without_artifacts"}, s.backup},
		{"POST", v1.Prefix + "/reload", nil, s.reload},
		{"GET", "/livez", nil, s.livez},
		{"GET", "/readyz", nil, s.readyz},
	}
	if s.cfg.Metrics != nil {
		all = append(all, route{"GET", "/metrics", nil, s.metricsPage()})
	}
	for _, want := range []board.Want{board.WantPowerOn, board.WantPowerOff, board.WantPowerCycle, board.WantSelfTest, board.WantMaintenance} {
		all = append(all, route{"POST", one + "/" + string(want), nil, s.plainWish(want)})
	}
	all = append(all, s.relayRoutes()...)
	all = append(all, s.dumpRoutes()...)
	all = append(all, s.repairRoutes()...)
	all = append(all, s.inventoryRoutes()...)
	all = append(all, s.bulkRoutes()...)
	all = append(all, s.imageRoutes()...)
	all = append(all, s.artifactRoutes()...)
	all = append(all, s.eventRoutes()...)
	all = append(all, s.clusterRoutes()...)
	all = append(all, s.describeRoutes()...)
	return all
}

// handler builds the router. It never redirects, and answers HEAD wherever it answers GET: fasthttp leaves the body
// out by itself.
func (s *Server) handler() fasthttp.RequestHandler {
	r := router.New()
	r.RedirectTrailingSlash, r.RedirectFixedPath = false, false
	r.NotFound = s.plain(func(c *fasthttp.RequestCtx) error {
		return &apiError{v1.KindNotFound, fmt.Sprintf("there is nothing at %q", c.Path()), "see " + describePath + ".html"}
	})
	r.MethodNotAllowed = s.plain(func(c *fasthttp.RequestCtx) error {
		return &apiError{v1.KindMethod, fmt.Sprintf("%s is not possible on %q", c.Method(), c.Path()), "use " + string(c.Response.Header.Peek("Allow"))}
	})
	r.GlobalOPTIONS = func(c *fasthttp.RequestCtx) {
		s.headers(c)
		c.SetStatusCode(fasthttp.StatusNoContent)
	}
	for _, rt := range s.routes() {
		h := s.plain(func(c *fasthttp.RequestCtx) error { return s.serve(c, rt) })
		r.Handle(rt.method, rt.path, h)
		if rt.method == "GET" {
			r.HEAD(rt.path, h)
		}
	}
	return s.withOld(r.Handler)
}

// serve runs a route's handler.
func (s *Server) serve(c *fasthttp.RequestCtx, rt route) error {
	patience := s.patience()
	defer patience.end()
	r, err := s.newRequest(patience, c, rt)
	if rt.method == "GET" || err != nil && r.who == "" { // strangers fill no log: guesses are counted by address
		if err != nil {
			return err
		}
		return rt.do(r)
	}
	return s.audited(r.by, rt.method+" "+string(c.URI().PathOriginal()), func() error {
		if err != nil {
			return err
		}
		return rt.do(r)
	})
}

// plain turns an error into a problem, and a panic into an error: one bad request must not take the server down.
func (s *Server) plain(h func(c *fasthttp.RequestCtx) error) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		s.headers(c)
		defer func() {
			if p := recover(); p != nil {
				s.fail(c, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
		}()
		if err := h(c); err != nil {
			s.fail(c, err)
		}
	}
}

// The headers of every answer, as fasthttp takes them without looking at each letter.
var (
	cacheControl, noStore       = []byte(fasthttp.HeaderCacheControl), []byte("no-store")
	contentTypeOptions, noSniff = []byte(fasthttp.HeaderXContentTypeOptions), []byte("nosniff")
)

// headers are on every answer: nobody stores one, nobody guesses its type.
func (s *Server) headers(c *fasthttp.RequestCtx) {
	c.Response.Header.SetCanonical(cacheControl, noStore)
	c.Response.Header.SetCanonical(contentTypeOptions, noSniff)
}

// ok answers 200 with JSON.
func (s *Server) ok(r *request, body any) error {
	s.write(r.raw, fasthttp.StatusOK, "application/json", body)
	return nil
}
