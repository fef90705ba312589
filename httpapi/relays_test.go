package httpapi

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mozpool/actors"
	v1 "mozpool/httpapi/v1"
)

func TestRelays(t *testing.T) {
	t.Parallel()
	f := fleet()
	f.OnRelay = func(power string, do actors.RelayDo) (bool, error) {
		if do == actors.RelayOff {
			return false, &actors.Problem{Kind: actors.Refused, Text: "board b1 hangs on it", Remedy: "--force"}
		}
		return do == actors.RelayCycle && power == "r:bank1:relay1", nil
	}
	s := start(t, Config{Fleet: f})
	for _, c := range []struct {
		path, body string
		status     int
		says       string
	}{
		{"relays/switch", `{"relay":"r:bank1:relay1","do":"cycle"}`, 200, `"on":true`},
		{"relays/switch", `{"relay":"r:bank1:relay1","do":"status"}`, 200, `"on":false`},
		{"relays/switch", `{"relay":"r:bank1:relay1","do":"off"}`, 409, "hangs on it"},
		{"relays/switch", `{"relay":"r:bank1:relay1","do":"explode"}`, 400, "explode"},
		{"relays/switch", `{"relay":"r:bank1:relay1","do":"test"}`, 400, "status, on, off or cycle"},
		{"relays/switch", `{"do":"on"}`, 400, "no relay"},
		{"relays/test", `{"name":"r:2101"}`, 200, `"name":"r:2101"`},
		{"relays/test", `{"name":"x"}`, 404, "x"},
		{"relays/test", ``, 400, "no relay board"},
		{"incidents/b1/close", ``, 200, `"closed_by":`},
		{"incidents/nobody/close", ``, 404, "nobody"},
	} {
		res, body := call(t, s, "POST", v1.Prefix+"/"+c.path, c.body)
		if res.StatusCode != c.status || !strings.Contains(string(body), c.says) {
			t.Errorf("%s %s: %d %s, want %d and %q", c.path, c.body, res.StatusCode, body, c.status, c.says)
		}
	}
}

// TestWiring: an object a line; what goes wrong in the middle is the last, and what is refused at once is an answer
// like others.
func TestWiring(t *testing.T) {
	t.Parallel()
	f := fleet()
	left := make(chan struct{})
	f.OnWiring = func(ctx context.Context, rack string, relays []string, each func(actors.WiringStep)) error {
		step := actors.WiringStep{Relay: "r:bank1:relay1", Board: "b1", Result: actors.WiringRight, Seen: []string{"52:54:00:00:00:01"}, Named: []string{"b1"}}
		switch rack {
		case "good":
			each(step)
			each(step)
			return nil
		case "half":
			each(step)
			return errors.New("broken in the middle")
		case "long":
			each(step)
			<-ctx.Done()
			close(left)
			return ctx.Err()
		}
		return &actors.Problem{Kind: actors.Refused, Text: "checked already", Remedy: "wait"}
	}
	s := start(t, Config{Fleet: f, Heartbeat: time.Millisecond})
	for rack, want := range map[string]string{"good": "step,step,done", "half": "step,problem", "busy": "refused"} {
		res, body := call(t, s, "POST", v1.Prefix+"/racks/"+rack+"/wiring", "")
		var got []string
		for _, line := range strings.Split(strings.TrimSpace(string(body)), "\n") {
			for _, word := range []string{"step", "done", "problem", "refused"} {
				if strings.Contains(line, `"`+word+`"`) {
					got = append(got, word)
				}
			}
		}
		if strings.Join(got, ",") != want || (res.StatusCode == 409) != (rack == "busy") {
			t.Errorf("%s: %d %s", rack, res.StatusCode, body)
		}
	}
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "POST /api/v1/racks/long/wiring HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
	_ = conn.Close() // in the middle
	<-left           // the check ends with its client
}
