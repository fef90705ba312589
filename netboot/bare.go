package netboot

import (
	"strings"

	"github.com/valyala/fasthttp"

	"mozpool/actors"
	"mozpool/actors/board"
)

// bare answers the original's callbacks: /api/device/NAME/event/EVENT/ and …/bootconfig/, from the board's own address.
func (r *request) bare(path string) {
	name, rest, _ := strings.Cut(path, "/")
	v := r.s.cfg.Boards.ByName(name)
	if v == nil || v.Spec.Rack != r.s.cfg.Rack {
		r.text(fasthttp.StatusNotFound, "there is no board "+printable(clip(name))+" in this rack")
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
	kind, known := actors.OldEvent(event)
	if !ok || !known {
		r.text(fasthttp.StatusNotFound, "no such event")
		return
	}
	r.only(func() {
		r.ask(v, actors.Evidence{Input: board.Input{Kind: kind, Bare: true, Good: true, Text: event}})
	}, "GET", "POST")
}
