package netboot

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"mozpool/actors"
	"mozpool/actors/board"
)

const (
	httpHeader = 10 * time.Second // for header and body of a request
	httpIdle   = 2 * time.Minute
	httpBody   = 64 << 10 // boards send none
	httpConns  = 16384
	httpStop   = 3 * time.Second
	askLimit   = 5 * time.Second // for the commit behind a callback
)

// serveHTTP serves boards until ctx ends.
func (s *Server) serveHTTP(ctx context.Context) error {
	server := &fasthttp.Server{
		Handler: s.handle, Name: "mozpool", ReadTimeout: httpHeader, IdleTimeout: httpIdle, MaxRequestBodySize: httpBody, Concurrency: httpConns,
		NoDefaultContentType: true, DisableHeaderNamesNormalizing: false, CloseOnShutdown: true, Logger: quiet{}, TCPKeepalive: true,
	}
	stop := context.AfterFunc(ctx, func() {
		bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), httpStop)
		defer cancel()
		_ = server.ShutdownWithContext(bound) // transfers that outlast it end with the process; scripts begin them again
	})
	err := server.Serve(s.http)
	if stop() {
		return fmt.Errorf("HTTP ended: %w", err)
	}
	return nil
}

// quiet is a logger for fasthttp: what boards and strangers break is not worth a line each.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

// request is what a handler needs of a request; nothing of it outlives the handler but copies.
type request struct {
	ctx  *fasthttp.RequestCtx
	s    *Server
	from netip.AddrPort
}

func (s *Server) handle(ctx *fasthttp.RequestCtx) {
	r := &request{ctx: ctx, s: s}
	if a, ok := ctx.RemoteAddr().(*net.TCPAddr); ok {
		ap := a.AddrPort()
		r.from = netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("a board's request broke its handler", "path", cutTokens(string(ctx.Path())), "panic", p)
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
	case v == nil:
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
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	verdict, err := r.s.cfg.Boards.Ask(ctx, v.Spec.ID, e)
	if err != nil {
		r.s.line(v, "transfer", 4, fmt.Sprintf("%s was not taken: %v", e.Input.Kind, err))
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
	v := r.s.cfg.Boards.ByAddress(r.from.Addr())
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

// siteFile serves a file of boot/.
func (r *request) siteFile(escaped string) {
	name, err := url.PathUnescape(escaped)
	if err != nil || len(name) > maxName {
		r.text(fasthttp.StatusNotFound, "no such file")
		return
	}
	t, err := r.s.openExactly(name)
	if err != nil {
		r.text(fasthttp.StatusNotFound, "no such file")
		return
	}
	r.stream(&body{Transfer: t, length: t.Size}, t.Size, "")
}

// bare answers the original's callbacks: /api/device/NAME/event/EVENT/ and …/bootconfig/, from the board's own address.
func (r *request) bare(path string) {
	name, rest, _ := strings.Cut(path, "/")
	v := r.s.cfg.Boards.ByName(name)
	if v == nil {
		r.text(fasthttp.StatusNotFound, "there is no board "+printable(name))
		return
	}
	if v.Address != r.from.Addr() {
		r.text(fasthttp.StatusForbidden, "this is answered to the board itself only")
		return
	}
	rest = strings.TrimSuffix(rest, "/")
	if rest == "bootconfig" {
		b := &bootRequest{request: r, v: v}
		r.only(b.config, "GET", "HEAD")
		return
	}
	event, ok := strings.CutPrefix(rest, "event/")
	kind, known := bareEvents[event]
	if !ok || !known {
		r.text(fasthttp.StatusNotFound, "no such event")
		return
	}
	r.only(func() {
		r.ask(v, actors.Evidence{Input: board.Input{Kind: kind, Bare: true, Good: true, Text: event}})
	}, "GET", "POST")
}

// bareEvents are the original's names.
var bareEvents = map[string]board.Kind{
	"mobile_init_started": board.InitStarted, "maint_mode": board.MaintenanceUp,
	"android_downloading": board.Downloads, "b2g_downloading": board.Downloads,
	"android_extracting": board.Writes, "b2g_extracting": board.Writes,
	"android_rebooting": board.Rebooting, "b2g_rebooting": board.Rebooting,
	"self_test_running": board.TestRunning, "self_test_ok": board.TestOK, "failed_self_test": board.ScriptFailed,
}

// openExactly opens a file of boot/ under just this name.
func (s *Server) openExactly(name string) (*Transfer, error) {
	if name == "" || strings.ContainsAny(name, "\x00\\") {
		return nil, errNoFile
	}
	root, err := os.OpenRoot(s.bootFolder())
	if err != nil {
		return nil, errNoFile
	}
	defer func() { _ = root.Close() }() // files stay open without it
	return openRegular(root, name)
}
