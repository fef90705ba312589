package httpapi

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"mozpool/httpapi/access"
	v1 "mozpool/httpapi/v1"
)

// request is a request as handlers see it. All strings in it are copies: fasthttp uses its buffers again.
type request struct {
	ctx   context.Context // ends with the server's patience
	who   string          // who asks
	by    access.Caller   // the same, and what they may
	name  string          // of the board in the path; empty: none
	key   string          // Idempotency-Key; empty: none
	raw   *fasthttp.RequestCtx
	query query
}

// header returns a copy of a header.
func (r *request) header(name string) string { return string(r.raw.Request.Header.Peek(name)) }

// param returns a copy of a part of the path, unescaped.
func param(c *fasthttp.RequestCtx, name string) string {
	text, ok := c.UserValue(name).(string)
	if !ok {
		return ""
	}
	text = strings.Clone(text)
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// newRequest copies what handlers need. Who asks is known also where an error says that they may not, unless that is the
// error.
func (s *Server) newRequest(ctx context.Context, c *fasthttp.RequestCtx, rt route) (*request, error) {
	r := &request{ctx: ctx, name: param(c, "name"), raw: c}
	if err := s.admit(r, rt); err != nil {
		return r, err
	}
	if r.key = r.header(v1.IdempotencyKey); len(r.key) > maxKey {
		return r, bad("send a random text of 32 characters", "the %s is longer than %d bytes", v1.IdempotencyKey, maxKey)
	}
	if err := sameOrigin(c); err != nil {
		return r, err
	}
	var err error
	r.query, err = readQuery(c, rt.query)
	return r, err
}

const (
	maxKey  = 200
	maxUser = 64
)

// Identify names who asks: by the header X-Mozpool-User, which is a courtesy and proves nothing, else by address, and
// lets them do everything. It is the default of Config.Identify, for a server that listens on loopback only.
func Identify(c *fasthttp.RequestCtx) (access.Caller, error) {
	who := access.Caller{Role: access.Admin, From: c.RemoteIP().String()}
	who.Name = string(c.Request.Header.Peek(v1.UserHeader))
	if who.Name == "" {
		who.Name = "anonymous@" + who.From
		return who, nil
	}
	if len(who.Name) > maxUser || !utf8.ValidString(who.Name) || strings.ContainsFunc(who.Name, unprintable) {
		return who, bad("send a short name without control characters", "the name in %s cannot be shown", v1.UserHeader)
	}
	return who, nil
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// rebound refuses a page whose own name was made to resolve to loopback, which makes it the same origin. Whoever sends a
// token is believed instead: browsers add none by themselves.
func rebound(c *fasthttp.RequestCtx, name string) error {
	_, err := netip.ParseAddr(name)
	if !c.LocalIP().IsLoopback() || err == nil || name == "localhost" || len(c.Request.Header.Peek(fasthttp.HeaderAuthorization)) > 0 {
		return nil
	}
	return &apiError{v1.KindForbidden, fmt.Sprintf("a page of %s asked for this, and this server listens on loopback", name), "open it by address, or as localhost"}
}

// sameOrigin refuses what a page from elsewhere makes a browser send: a server on loopback has no other defence
// against it.
func sameOrigin(c *fasthttp.RequestCtx) error {
	origin := string(c.Request.Header.Peek(fasthttp.HeaderOrigin))
	if origin == "" || c.IsGet() || c.IsHead() {
		return nil
	}
	if u, err := url.Parse(origin); err == nil && u.Host != "" && u.Host == string(c.Host()) {
		return rebound(c, u.Hostname())
	}
	return &apiError{v1.KindForbidden, "a page of another site asked for this", "ask from the server's own pages, or without a browser"}
}
