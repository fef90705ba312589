package outletsim_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"mozpool/relayproto/power/outletsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ask sends one request and gives status and body.
func ask(t *testing.T, s *outletsim.Strip, method, path, body string) (int, string) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: strip\r\nContent-Length: %d\r\n\r\n%s", method, path, len(body), body); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestStyles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		style              outletsim.Style
		method, path, body string
		status             int
		answer             string
		outlet             int
		powered            bool
	}{
		{outletsim.Tasmota, "GET", "/cm?cmnd=Power2%20Off", "", 200, `{"POWER2":"OFF"}`, 2, false},
		{outletsim.Tasmota, "GET", "/cm?cmnd=Power2", "", 200, `{"POWER2":"ON"}`, 2, true},
		{outletsim.Tasmota, "GET", "/cm?cmnd=Reset", "", 200, `{"Command":"Unknown"}`, 2, true},
		{outletsim.Shelly1, "GET", "/relay/0?turn=off", "", 200, `"ison":false`, 0, false},
		{outletsim.Shelly1, "GET", "/relay/x", "", 404, "Not Found", 0, true},
		{outletsim.Shelly2, "GET", "/rpc/Switch.Set?id=1&on=false", "", 200, `{"was_on":true}`, 1, false},
		{outletsim.Shelly2, "GET", "/rpc/Switch.GetStatus?id=1", "", 200, `"output":true`, 1, true},
		{outletsim.Shelly2, "GET", "/rpc/Switch.Set", "", 500, "Missing", 1, true},
		{outletsim.Shelly2, "GET", "/rpc/Other?id=1", "", 404, "No handler", 1, true},
		{outletsim.Daemon, "PUT", "/outlets/7", `{"state":"off"}`, 200, `"state": "off"`, 7, false},
		{outletsim.Daemon, "PUT", "/outlets/7", `off`, 400, "belongs here", 7, true},
		{outletsim.Daemon, "POST", "/outlets/7/cycle", "", 200, `"state": "on"`, 7, true},
		{outletsim.Daemon, "GET", "/", "", 404, "no such outlet", 7, true},
	} {
		s, err := outletsim.Listen("127.0.0.1:0", outletsim.Options{Style: c.style})
		if err != nil {
			t.Fatal(err)
		}
		status, answer := ask(t, s, c.method, c.path, c.body)
		if status != c.status || !strings.Contains(answer, c.answer) || s.Powered(c.outlet) != c.powered {
			t.Errorf("%s %s %s: %d %s, has power: %v", c.style, c.method, c.path, status, answer, s.Powered(c.outlet))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPowerLossPutsOutletsOn(t *testing.T) {
	t.Parallel()
	var told []bool
	s, err := outletsim.Listen("127.0.0.1:0", outletsim.Options{Style: outletsim.Shelly1,
		OnSwitch: func(outlet int, powered bool) { told = append(told, outlet == 3 && powered) }})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second one changes nothing
		ask(t, s, "GET", "/relay/3?turn=off", "")
	}
	s.LosePower()
	if on := s.Powered(3); !on || !slices.Equal(told, []bool{false, true}) {
		t.Fatalf("has power: %v; told %v", on, told)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := outletsim.Listen("203.0.113.1:1", outletsim.Options{}); err == nil {
		t.Fatal("listens at an address that is not ours")
	}
}
