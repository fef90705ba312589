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
