package mozpool1

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi/access"
)

func asProblem(err error, p **actors.Problem) bool { return errors.As(err, p) }

// requests are one or more for every line of the table; the golden file of a line has them all.
var requests = []struct{ request, body string }{
	{"GET version/", ""},
	{"GET device/list/", ""}, {"GET device/list?details=1", ""}, {"GET device/list/?details=maybe", ""},
	{"GET device/board1/status/", ""}, {"GET device/nobody/status/", ""},
	{"GET device/board1/state/?cache=1", ""},
	{"GET device/board1/log/?limit=1&timeperiod=60", ""}, {"GET device/board1/log?limit=x", ""},
	{"GET device/board1/bootconfig/", ""}, {"GET device/board2/bootconfig/", ""},
	{"GET device/board1/ping/", ""}, {"GET device/board2/ping/", ""},
	{"GET device/board1/event/android_extracting/", ""}, {"GET device/board2/event/mobile_init_started/", ""}, {"GET device/board1/event/never/", ""},
	{"POST device/board1/event/please_image/", `{"image":"v2","boot_config":"{\"build\":\"7\"}"}`},
	{"POST device/board1/event/please_power_cycle/", ""}, {"POST device/board1/event/please_image/", ""},
	{"POST device/board1/state-change/android_downloading/to/troubleshooting/", ""}, {"POST device/board1/state-change/ready/to/new/", ""},
	{"POST device/board2/state-change/troubleshooting/to/start_self_test", ""}, {"POST device/board2/state-change/troubleshooting/to/off", ""},
	{"POST device/board1/power-cycle/", ""}, {"POST device/board1/power-cycle/", `{"pxe_config":"v2","boot_config":{"build":7,"b2gbase":null}}`},
	{"POST device/board1/power-cycle/", `{"pxe_config":"v2","boot_config":"[]"}`}, {"POST device/board1/power-cycle/", `[]`},
	{"GET device/board1/power-off/", ""},
	{"POST device/board1/clear-pxe/", ""},
	{"POST device/board1/set-comments/", `{"comments":"slow"}`}, {"POST device/board1/set-comments/", `{}`},
	{"POST device/board1/set-environment/", `{"environment":"staging"}`}, {"POST device/board1/set-environment/", `{"environment":"other"}`},
	{"GET relay/10.91.0.2/test/", ""}, {"GET relay/10.91.0.9/test/", ""},
	{"GET environment/list/", ""},
	{"GET image/list/", ""},
	{"GET bmm/pxe_config/list/?active_only=1", ""},
	{"GET bmm/pxe_config/v2/details/", ""}, {"GET bmm/pxe_config/mozpool%2Fnone/details/", ""},
	{"GET board/list", ""}, {"GET board/list?details=true", ""},
	{"GET board/board1/status/", ""},
	{"POST board/board1/status/", `{"status":"mobile_init_started"}`}, {"POST board/board1/status/", `{"status":"fine"}`},
	{"GET board/board1/config/", ""},
	{"POST board/board1/reboot/", ""},
	{"POST board/board1/boot/v2/", `{"build":"7"}`},
	{"POST board/board1/bootcomplete/", ""},
	{"GET bootimage/list/", ""},
	{"GET bootimage/v2/details/", ""},
	{"POST device/any/request/", `{"assignee":"ann"}`}, {"POST request/1/renew/", ""}, {"POST request/1/return/", ""}, {"POST request/1/event/x/", ""},
	{"GET request/list/", ""}, {"GET request/1/status/", ""}, {"GET request/1/details/", ""}, {"GET request/1/log/", ""}, {"GET request/1/event/x/", ""},
}

func TestGolden(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for _, r := range requests {
		method, path, _ := strings.Cut(r.request, " ")
		path, query, _ := strings.Cut("/api/"+path, "?")
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		first := map[string]string{}
		for k, v := range values {
			first[k] = v[0]
		}
		a, f := rig(t)
		reply, err := ask(a, method, path, r.body, first)
		files[fileOf(t, method, path)] += fmt.Sprintf("> %s %s\n%s%s\n", r.request, r.body, shown(reply, err), f.asked.String())
	}
	for name, text := range files {
		golden(t, name, []byte(text))
	}
	for _, e := range table {
		if _, ok := files[nameOf(e)]; !ok {
			t.Errorf("%s /api/%s has no golden file", e.method, strings.Join(e.parts, "/"))
		}
	}
}

func fileOf(t *testing.T, method, path string) string {
	t.Helper()
	for _, e := range table {
		if _, ok := e.match(split(path)); ok && e.method == method {
			return nameOf(e)
		}
	}
	t.Fatalf("%s %s is nowhere in the table", method, path)
	return ""
}

func nameOf(e entry) string {
	return strings.ToLower(e.method) + "-" + strings.ReplaceAll(strings.ReplaceAll(strings.Join(e.parts, "-"), "{}", "x"), "_", "-") + ".txt"
}

func TestSlashIsOptional(t *testing.T) {
	t.Parallel()
	for _, e := range table {
		path := "/api/" + strings.ReplaceAll(strings.Join(e.parts, "/"), "{}", "x")
		for _, p := range []string{path, path + "/"} {
			if _, _, err := Find(e.method, p); err != nil {
				t.Errorf("%s %s: %v", e.method, p, err)
			}
			if _, allow, err := Find("DELETE", p); err == nil || !slices.Contains(allow, e.method) {
				t.Errorf("DELETE %s: %v, %v", p, allow, err)
			}
		}
		if _, _, err := Find(e.method, path+"//"); err == nil {
			t.Errorf("%s// was found", path)
		}
	}
	if _, _, err := Find("GET", "/api/nothing"); err == nil {
		t.Error("nothing was found")
	}
}

// The fleet's refusals reach the client, wherever they come from.
func TestRefusalsArePassedOn(t *testing.T) {
	t.Parallel()
	for _, request := range []string{"POST device/board1/power-cycle", "GET device/board1/power-off", "POST board/board1/reboot", "POST board/board1/boot/v2",
		"POST device/board1/event/please_self_test", "POST device/board1/event/b2g_downloading", "POST device/board1/state-change/android_downloading/to/ready"} {
		a, f := rig(t)
		f.fail = &actors.Problem{Kind: actors.Refused, Text: "busy"}
		method, path, _ := strings.Cut(request, " ")
		if _, err := ask(a, method, "/api/"+path, "", nil); !errors.Is(err, f.fail) {
			t.Errorf("%s: %v", request, err)
		}
	}
	a, f := rig(t)
	f.fail = &actors.Problem{Kind: actors.Mismatch, Text: "moved on"}
	var p *actors.Problem
	if _, err := ask(a, "POST", "/api/device/board1/state-change/android_downloading/to/ready", "", nil); !errors.As(err, &p) || p.Kind != actors.Refused {
		t.Errorf("a board that moved on: %v", err)
	}
}

func TestScopeOfTokens(t *testing.T) {
	t.Parallel()
	for _, e := range table {
		path := "/api/" + strings.Replace(strings.Join(e.parts, "/"), "{}", "board1", 1)
		r, _, err := Find(e.method, strings.ReplaceAll(path, "{}", "x"))
		if err != nil || e.need == access.Viewer || e.parts[0] != "device" && e.parts[0] != "board" || strings.HasSuffix(path, "/request") {
			continue
		}
		a, f := rig(t)
		_, err = a.Serve(t.Context(), r, Request{Caller: access.Caller{Name: "bob", Role: access.Operator, Racks: []string{"r2"}}})
		if err == nil || !strings.Contains(err.Error(), "r1") || f.asked.Len() > 0 {
			t.Errorf("%s %s: %v, asked %q", e.method, path, err, f.asked.String())
		}
	}
}

// Every state has a name, and the name leads back to it.
func TestStatesBothWays(t *testing.T) {
	t.Parallel()
	for _, s := range board.States() {
		for _, compat := range []string{"", "android", "b2g"} {
			for _, want := range []board.Want{board.WantImage, board.WantPowerCycle, board.WantPowerOff} {
				v := &actors.View{Board: board.Board{State: s, Want: want}, Inputs: &actors.Inputs{Compat: compat}}
				if name := stateOf(v); !slices.Contains(statesOf(name), s) || !isIn(v, name) {
					t.Errorf("%s is %s, which is %v", s, name, statesOf(name))
				}
			}
		}
	}
	if s := statesOf("happy"); s != nil {
		t.Errorf("happy is %v", s)
	}
	for name, want := range map[string]board.State{"unknown": board.Troubleshooting, "sut_sdcard_verifying": board.Verifying, "failed_b2g_downloading": board.FailedInstall,
		"android_rebooting": board.Restarting, "failed_pc_pinging": board.FailedVerify} {
		if s := statesOf(name); len(s) == 0 || s[0] != want {
			t.Errorf("%s is %v, want %s", name, s, want)
		}
	}
}

func FuzzBodies(f *testing.F) {
	for _, r := range requests {
		f.Add(r.body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		a, _ := rig(t)
		for _, path := range []string{"device/board1/power-cycle", "board/board1/boot/v2", "device/board1/event/please_image", "device/board1/set-comments"} {
			_, err := ask(a, "POST", "/api/"+path, body, nil)
			var p *actors.Problem
			if err != nil && !errors.As(err, &p) {
				t.Errorf("%s %q: %v", path, body, err)
			}
		}
	})
}
