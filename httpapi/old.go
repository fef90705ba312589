package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/valyala/fasthttp"

	"mozpool/httpapi/access"
	"mozpool/httpapi/mozpool1"
	v1 "mozpool/httpapi/v1"
)

// NewOld makes a server that answers nothing but the old API, and that only to those whose address allow takes; they
// may do what an operator may. Config.Old is required; Config.Identify is not used.
func NewOld(cfg Config, allow func(netip.Addr) bool) *Server {
	cfg.Identify = func(c *fasthttp.RequestCtx) (access.Caller, error) {
		from := c.RemoteIP().String()
		if addr, err := netip.ParseAddr(from); err != nil || !allow(addr.Unmap()) {
			return access.Caller{}, &apiError{v1.KindForbidden, from + " is in none of the networks that this listener is open to", "add its network to old_api.allow"}
		}
		return access.Caller{Name: "old-api@" + from, Role: access.Operator, From: from}, nil
	}
	return build(cfg, func(s *Server) fasthttp.RequestHandler {
		return s.withOld(s.plain(func(c *fasthttp.RequestCtx) error {
			return &apiError{v1.KindNotFound, fmt.Sprintf("there is nothing at %q", c.Path()), "this listener has Mozpool's old API below /api only"}
		}))
	})
}

// withOld puts the old API before a handler.
func (s *Server) withOld(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	if s.cfg.Old == nil {
		return next
	}
	old := s.plain(s.old)
	return func(c *fasthttp.RequestCtx) {
		path := c.URI().PathOriginal()
		rest, below := bytes.CutPrefix(path, []byte("/api/"))
		if !below || bytes.HasPrefix(rest, []byte("v1/")) || bytes.Equal(rest, []byte("v1")) {
			next(c)
			return
		}
		old(c)
	}
}

// old answers a request of the old API.
func (s *Server) old(c *fasthttp.RequestCtx) error {
	if c.IsOptions() {
		return s.oldOptions(c)
	}
	by, err := s.cfg.Identify(c)
	if err != nil {
		return err
	}
	req := mozpool1.Request{Method: string(c.Method()), Path: string(c.URI().PathOriginal()), Query: firsts(c), Body: bytes.Clone(c.PostBody()),
		Caller: by, Key: string(c.Request.Header.Peek(v1.IdempotencyKey))}
	r, allow, err := mozpool1.Find(req.Method, req.Path)
	if err != nil {
		if len(allow) > 0 {
			c.Response.Header.Set(fasthttp.HeaderAllow, strings.Join(allow, ", "))
		}
		return err
	}
	if !by.May(r.Need) {
		return forbidden(by, r.Need)
	}
	ctx, cancel := context.WithTimeout(s.asking, s.cfg.AskLimit)
	defer cancel()
	if r.Need == access.Viewer {
		return s.oldAnswer(ctx, c, r, req)
	}
	if err := crossSite(c); err != nil {
		return err
	}
	return s.audited(by, req.Method+" "+req.Path, func() error { return s.oldAnswer(ctx, c, r, req) })
}

// oldOptions says what can be asked of a path.
func (s *Server) oldOptions(c *fasthttp.RequestCtx) error {
	_, allow, err := mozpool1.Find(fasthttp.MethodOptions, string(c.URI().PathOriginal()))
	if len(allow) == 0 {
		return err
	}
	c.Response.Header.Set(fasthttp.HeaderAllow, strings.Join(allow, ", "))
	c.SetStatusCode(fasthttp.StatusNoContent)
	return nil
}

func (s *Server) oldAnswer(ctx context.Context, c *fasthttp.RequestCtx, r mozpool1.Route, req mozpool1.Request) error {
	reply, err := s.cfg.Old.Serve(ctx, r, req)
	switch {
	case err != nil:
		return err
	case reply.Body == nil:
		c.SetStatusCode(reply.Status)
	default:
		s.write(c, reply.Status, "application/json; charset=utf-8", reply.Body)
	}
	return nil
}

// firsts are the first values of the query's parameters; those that nobody knows are left alone, as old clients send
// what they like.
func firsts(c *fasthttp.RequestCtx) map[string]string {
	q := map[string]string{}
	for k, v := range c.QueryArgs().All() {
		if _, there := q[string(k)]; !there {
			q[string(k)] = string(v)
		}
	}
	return q
}

// crossSite refuses what a page of another site makes a browser ask for. The old API changes things by GET, which
// carries no Origin; browsers say for those where the request came from.
func crossSite(c *fasthttp.RequestCtx) error {
	switch string(c.Request.Header.Peek("Sec-Fetch-Site")) {
	case "", "none", "same-origin":
		return sameOrigin(c)
	default:
		return &apiError{v1.KindForbidden, "a page of another site asked for this", "ask from the server's own pages, or without a browser"}
	}
}
