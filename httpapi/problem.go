package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/valyala/fasthttp"

	"mozpool/actors"
	v1 "mozpool/httpapi/v1"
	"mozpool/persistence"
)

const problemType = "application/problem+json"

// apiError is a problem with the request itself.
type apiError struct {
	kind   v1.Kind
	text   string
	remedy string
}

func (e *apiError) Error() string { return e.text + "; " + e.remedy }

func bad(remedy, format string, a ...any) error {
	return &apiError{v1.KindBadRequest, fmt.Sprintf(format, a...), remedy}
}

// statuses are the HTTP statuses of the kinds. Those of actors.Problem have the same words.
var statuses = map[v1.Kind]int{
	v1.KindBadRequest:  fasthttp.StatusBadRequest,
	v1.KindNoToken:     fasthttp.StatusUnauthorized,
	v1.KindForbidden:   fasthttp.StatusForbidden,
	v1.KindNotFound:    fasthttp.StatusNotFound,
	v1.KindMethod:      fasthttp.StatusMethodNotAllowed,
	v1.KindTimeout:     fasthttp.StatusRequestTimeout,
	v1.KindRefused:     fasthttp.StatusConflict,
	v1.KindMismatch:    fasthttp.StatusPreconditionFailed,
	v1.KindTooLarge:    fasthttp.StatusRequestEntityTooLarge,
	v1.KindMediaType:   fasthttp.StatusUnsupportedMediaType,
	v1.KindLocked:      fasthttp.StatusLocked,
	v1.KindNeedsMatch:  fasthttp.StatusPreconditionRequired,
	v1.KindTooMany:     fasthttp.StatusTooManyRequests,
	v1.KindHeaders:     fasthttp.StatusRequestHeaderFieldsTooLarge,
	v1.KindInternal:    fasthttp.StatusInternalServerError,
	v1.KindNotHere:     fasthttp.StatusNotImplemented,
	v1.KindUnavailable: fasthttp.StatusServiceUnavailable,
}

// problemOf is the one place that says what an error looks like from outside. Whatever it does not know is our own
// mistake: the client learns nothing of it but that it happened.
func problemOf(err error) v1.Problem {
	var mine *apiError
	var theirs *actors.Problem
	p := v1.Problem{Kind: v1.KindInternal, Detail: "the server made a mistake", Remedy: "look into the server's log, and report it"}
	switch {
	case errors.As(err, &mine):
		p.Kind, p.Detail, p.Remedy = mine.kind, mine.text, mine.remedy
	case errors.As(err, &theirs) && statuses[v1.Kind(theirs.Kind)] != 0:
		p.Kind, p.Detail, p.Remedy = v1.Kind(theirs.Kind), theirs.Text, theirs.Remedy
	case errors.Is(err, persistence.ErrUnknown):
		p.Kind, p.Detail, p.Remedy = v1.KindUnavailable, "whether it was stored is not known", "look whether it was done, then ask again, with the same Idempotency-Key"
	case errors.Is(err, persistence.ErrUnavailable):
		p.Kind, p.Detail, p.Remedy = v1.KindUnavailable, "the journal stores nothing now", "ask again; the server's log says why, and of a cluster mozpool cluster status: without a majority of the voting servers nothing is stored"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		p.Kind, p.Detail, p.Remedy = v1.KindUnavailable, "the server did not get round to it in time", "ask again, with the same Idempotency-Key"
	}
	p.Type = "about:blank"
	p.Status = statuses[p.Kind]
	p.Title = fasthttp.StatusMessage(p.Status)
	return p
}

// fail answers with a problem. Only what problemOf does not know is logged: the client is told of all the rest.
func (s *Server) fail(c *fasthttp.RequestCtx, err error) {
	p := problemOf(err)
	if p.Kind == v1.KindInternal {
		s.log.Error("request failed", "method", string(c.Method()), "path", string(c.Path()), "error", err)
	}
	switch p.Kind { //nolint:exhaustive // the others need no header
	case v1.KindUnavailable, v1.KindTooMany:
		c.Response.Header.Set(fasthttp.HeaderRetryAfter, strconv.Itoa(retryAfter))
	case v1.KindNoToken:
		c.Response.Header.Set(fasthttp.HeaderWWWAuthenticate, `Bearer realm="mozpool"`)
	}
	s.write(c, p.Status, problemType, p)
}

const retryAfter = 2 // seconds

// write answers with JSON.
func (s *Server) write(c *fasthttp.RequestCtx, status int, contentType string, body any) {
	c.ResetBody()
	c.SetStatusCode(status)
	c.SetContentType(contentType)
	enc := json.NewEncoder(c)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		s.log.Error("encode an answer", "path", string(c.Path()), "error", err)
		c.ResetBody()
		c.SetStatusCode(fasthttp.StatusInternalServerError)
	}
}

// badRequest answers what never became a request: fasthttp could not read it.
func (s *Server) badRequest(c *fasthttp.RequestCtx, err error) {
	linger(c)
	s.headers(c)
	s.fail(c, s.unreadable(err))
}

// linger has the connection closed only once a client that is still sending had time to read the answer.
func linger(c *fasthttp.RequestCtx) {
	raw := c.Conn()
	if t, ok := raw.(*ending); ok {
		raw = t.NetConn()
	}
	if w, ok := raw.(*conn); ok {
		w.linger = true
	}
	c.SetConnectionClose()
}

func (s *Server) unreadable(err error) error {
	var small *fasthttp.ErrSmallBuffer
	var netErr net.Error
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return &apiError{v1.KindTooLarge, fmt.Sprintf("the body is larger than %d bytes", s.cfg.MaxBody), "send less"}
	case errors.As(err, &small):
		return &apiError{v1.KindHeaders, fmt.Sprintf("the headers are larger than %d bytes", s.cfg.MaxHeader), "send fewer and shorter ones"}
	case errors.As(err, &netErr) && netErr.Timeout():
		return &apiError{v1.KindTimeout, fmt.Sprintf("the request did not arrive within %s", s.cfg.ReadLimit), "send it at once"}
	default:
		return bad("send HTTP/1.1", "this is no HTTP request that can be read")
	}
}
