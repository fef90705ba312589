package netboot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/netboot/images"
)

const (
	httpHeader = 10 * time.Second // for header and body of a request
	httpIdle   = 2 * time.Minute
	httpBody   = 64 << 10 // boards send none
	httpConns  = 16384
	httpStop   = 3 * time.Second // for requests and transfers that go on when the server is to stop
	askLimit   = 5 * time.Second // for the commit behind a callback
)

// serveHTTP serves boards until ctx ends, gives what goes on a moment, and then cuts it: scripts begin transfers again.
func (s *Server) serveHTTP(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx)) // of requests: a little longer than the server's
	defer end()
	open := newConns()
	server := &fasthttp.Server{
		Handler: func(c *fasthttp.RequestCtx) { s.handle(life, c) }, Name: "mozpool", ConnState: open.note,
		ReadTimeout: s.patience, WriteTimeout: sendLimit, IdleTimeout: httpIdle, MaxRequestBodySize: httpBody, Concurrency: httpConns,
		NoDefaultContentType: true, CloseOnShutdown: true, Logger: quiet{}, ErrorHandler: unreadable,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(s.http) }() // ends with the listener
	select {
	case err := <-ended:
		return fmt.Errorf("HTTP ended: %w", err)
	case <-ctx.Done():
	}
	_ = s.http.Close() // the engine closes only a listener that it has taken up already
	if !shutdown(server, httpStop) {
		end()
		open.cut()
		shutdown(server, time.Second) // only their handlers are left
	}
	if err := <-ended; err != nil {
		s.log.Debug("HTTP ended", "error", err) // the listener was closed under it
	}
	return nil
}

// unreadable answers what is no request, with a status that says why.
func unreadable(ctx *fasthttp.RequestCtx, err error) {
	status, text := fasthttp.StatusBadRequest, "this is no HTTP request"
	var small *fasthttp.ErrSmallBuffer
	var timeout net.Error
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		status, text = fasthttp.StatusRequestEntityTooLarge, "boards send no body"
	case errors.As(err, &small):
		status, text = fasthttp.StatusRequestHeaderFieldsTooLarge, "the header is too large"
	case errors.As(err, &timeout) && timeout.Timeout():
		status, text = fasthttp.StatusRequestTimeout, "the request did not end in time"
	}
	if status == fasthttp.StatusRequestEntityTooLarge || status == fasthttp.StatusRequestHeaderFieldsTooLarge {
		drain(ctx.Conn())
	}
	ctx.Error(text+"\n", status)
}

const (
	drainTime  = 200 * time.Millisecond
	drainBytes = 4 << 20
)

// drain reads what a client goes on sending after it was refused: to close over unread bytes resets the connection, and
// takes the answer with it.
func drain(c net.Conn) {
	if err := c.SetReadDeadline(time.Now().Add(drainTime)); err != nil {
		return // it has gone
	}
	_, _ = io.CopyN(io.Discard, c, drainBytes) // ends by the deadline; what came is not wanted
}

// shutdown says whether every connection ended within the time.
func shutdown(server *fasthttp.Server, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return !errors.Is(server.ShutdownWithContext(ctx), context.DeadlineExceeded)
}

// quiet is a logger for fasthttp: what boards and strangers break is not worth a line each.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

// request is what a handler needs of a request; nothing of it outlives the handler but copies.
type request struct {
	life context.Context // ends when the server cuts what still goes on
	ctx  *fasthttp.RequestCtx
	s    *Server
	from netip.AddrPort
}

func (s *Server) handle(life context.Context, ctx *fasthttp.RequestCtx) {
	r := &request{life: life, ctx: ctx, s: s}
	if a, ok := ctx.RemoteAddr().(*net.TCPAddr); ok {
		ap := a.AddrPort()
		r.from = netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("a board's request broke its handler", "path", board.CutTokens(string(ctx.Path())), "panic", p)
			r.text(fasthttp.StatusInternalServerError, "the server made a mistake; its log says which")
		}
	}()
	r.route(string(ctx.Path()))
}

// route finds what a path means. GET and POST are the same here: busybox' wget knows little more than GET.
func (r *request) route(path string) {
	switch {
	case strings.HasPrefix(path, "/b/"):
		token, rest, _ := strings.Cut(path[len("/b/"):], "/")
		r.boot(token, rest)
	case path == "/up":
		r.only(r.up, "GET", "POST")
	case strings.HasPrefix(path, "/boot/"):
		r.only(func() { r.siteFile(path[len("/boot/"):]) }, "GET", "HEAD")
	case strings.HasPrefix(path, "/api/device/") && r.s.cfg.Bare:
		r.bare(path[len("/api/device/"):])
	default:
		r.text(fasthttp.StatusNotFound, "there is nothing here; boards use /b, /boot and /up")
	}
}

// only calls do if the method is one of these.
func (r *request) only(do func(), methods ...string) {
	got := string(r.ctx.Method())
	for _, m := range methods {
		if m == got {
			do()
			return
		}
	}
	r.text(fasthttp.StatusMethodNotAllowed, "use "+strings.Join(methods, " or "))
	r.ctx.Response.Header.Set("Allow", strings.Join(methods, ", ")) // after text, which clears the headers
}

// text answers with one line.
func (r *request) text(status int, line string) {
	r.ctx.Response.Reset()
	r.ctx.SetStatusCode(status)
	r.ctx.SetContentType("text/plain; charset=utf-8")
	r.ctx.SetBodyString(line + "\n")
	if status == fasthttp.StatusServiceUnavailable {
		r.ctx.Response.Header.Set("Retry-After", "2")
	}
}

// query is a parameter of the URL, copied.
func (r *request) query(key string) string { return string(r.ctx.QueryArgs().Peek(key)) }

// boot answers for /b/TOKEN/….
func (r *request) boot(text, path string) {
	token, err := board.ParseToken(text)
	if err != nil {
		r.text(fasthttp.StatusNotFound, "no such boot: "+err.Error())
		return
	}
	v := r.s.cfg.Boards.ByToken(token)
	switch {
	case v == nil || v.Spec.Rack != r.s.cfg.Rack: // what one rack's boards learn opens nothing in another rack
		r.text(fasthttp.StatusNotFound, "no such boot is known here")
		return
	case v.Board.Token != token:
		r.text(fasthttp.StatusGone, "this boot is over")
		return
	}
	b := &bootRequest{request: r, v: v, token: token}
	if event, ok := strings.CutPrefix(path, "event/"); ok {
		r.only(func() { b.event(event) }, "GET", "POST")
		return
	}
	switch path {
	case "progress":
		r.only(b.progress, "GET", "POST")
	case "second-stage.sh":
		r.only(b.secondStage, "GET", "HEAD")
	case "config":
		r.only(b.config, "GET", "HEAD")
	default:
		r.only(func() { b.file(path) }, "GET", "HEAD")
	}
}

// ask hands evidence to the board's actor and answers with its verdict.
func (r *request) ask(v *actors.View, e actors.Evidence) {
	e.From = r.from
	defer func() { r.s.cfg.Metrics.called(r.s.cfg.Rack, e.Input.Kind, r.ctx.Response.StatusCode()) }()
	ctx, cancel := context.WithTimeout(r.life, askLimit)
	defer cancel()
	verdict, err := r.s.cfg.Boards.Ask(ctx, v.Spec.ID, e)
	if err != nil {
		r.s.line(v, 4, fmt.Sprintf("%s was not taken: %v", e.Input.Kind, err))
		r.text(fasthttp.StatusServiceUnavailable, "nothing can be decided now; ask again")
		return
	}
	switch verdict {
	case board.Moved, board.Noted, board.Repeated:
		r.text(fasthttp.StatusOK, "ok")
	case board.Over:
		r.text(fasthttp.StatusGone, "this boot is over")
	default:
		if e.Input.Kind == board.Writes { // the gate knows no "not now"
			r.text(fasthttp.StatusGone, "this boot is not to write")
			return
		}
		r.text(fasthttp.StatusConflict, fmt.Sprintf("%s is not expected now", e.Input.Kind))
	}
}

// up takes an image's word that it runs, by source address.
func (r *request) up() {
	v := r.s.byAddress(r.from.Addr())
	image := r.query("image")
	switch {
	case image == "":
		r.text(fasthttp.StatusBadRequest, "say which image: /up?image=NAME")
	case v == nil:
		r.text(fasthttp.StatusNotFound, "no board has the address "+r.from.Addr().String())
	default:
		r.ask(v, actors.Evidence{Input: board.Input{Kind: board.ImageUp, Bare: true, Image: image}})
	}
}

// siteFile serves a file of boot/, and what iPXE asks for in its place. A script is evidence only if it is iPXE that asks:
// people look at it too, and any page can have a browser ask for it.
func (r *request) siteFile(name string) {
	boots := bytes.HasPrefix(r.ctx.UserAgent(), []byte("iPXE/")) && !r.ctx.IsHead()
	if t, ok := r.s.openScript(name, r.from, !boots); ok {
		r.stream(&body{Transfer: t, length: t.Size}, "")
		return
	}
	t, err := r.s.openExactly(name)
	if err != nil && name == chainName {
		t, err = fromMemory([]byte(images.ChainScript)), nil
	}
	if err != nil {
		r.text(fasthttp.StatusNotFound, "no such file")
		return
	}
	r.stream(&body{Transfer: t, length: t.Size}, "")
}
