package power

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"mozpool/relayproto"
)

// preset knows devices by the form of their URLs, and gives the outlet.
//
//	/cm[?cmnd=PowerN]      Tasmota, outlets from 1 (tasmota.github.io/docs/Commands)
//	/relay/N               Shelly Gen1, outlets from 0 (shelly-api-docs.shelly.cloud)
//	/rpc/Switch.Set?id=N   Shelly Gen2 and later
func (w *web) preset(l line, u *url.URL) (string, error) {
	if _, ok := l.options["outlet"]; ok {
		return "", errors.New("the URL's form names the outlet already; leave outlet= out")
	}
	switch id := u.Query().Get("id"); {
	case u.Path == "/cm":
		return w.tasmota(u)
	case strings.HasPrefix(u.Path, "/relay/"):
		return w.shelly1(strings.TrimPrefix(u.Path, "/relay/"))
	case u.Path == "/rpc/Switch.Set":
		return w.shelly2(id)
	}
	return "", errors.New("of no form that is known, /cm?cmnd=PowerN (Tasmota), /relay/N (Shelly) or /rpc/Switch.Set?id=N (Shelly Gen2); " +
		"say what to send with on=METHOD /path, off=METHOD /path and status=METHOD /path")
}

// outletNumber reads the number of an outlet; devices have few.
func outletNumber(text string, first int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(n) != text || n < first || n > 31 {
		return 0, fmt.Errorf("outlet %q is not %d to 31", text, first)
	}
	return n, nil
}

// tasmota answers {"POWER2":"ON"}, with one outlet {"POWER":"ON"}, to the
// question as well as to the command.
func (w *web) tasmota(u *url.URL) (string, error) {
	name := "Power1"
	if command := u.Query().Get("cmnd"); command != "" {
		name = command
	}
	digits, ok := strings.CutPrefix(strings.ToLower(name), "power")
	if ok && digits == "" {
		digits = "1"
	}
	n, err := outletNumber(digits, 1)
	if !ok || err != nil {
		return "", errors.New("/cm names no outlet; write /cm?cmnd=PowerN without on or off behind it")
	}
	ask := fmt.Sprintf("/cm?cmnd=Power%d", n)
	w.requests = map[verb]request{
		on: {method: "GET", path: ask + "%20On"}, off: {method: "GET", path: ask + "%20Off"}, status: {method: "GET", path: ask}}
	w.account.inQuery = true
	w.judge = func(_ verb, body []byte) (verb, error) {
		var fields map[string]any
		if err := json.Unmarshal(body, &fields); err != nil {
			return "", nonsense(body)
		}
		if _, warned := fields["WARNING"]; warned {
			return "", fmt.Errorf("%w: %s", relayproto.ErrFailed, shown(string(body)))
		}
		for key, value := range fields {
			key = strings.ToUpper(key)
			if key == fmt.Sprintf("POWER%d", n) || key == "POWER" && n == 1 {
				return stateOf(value, body)
			}
		}
		return "", nonsense(body)
	}
	return strconv.Itoa(n), nil
}

// shelly1 answers {"ison":true,…} to the question as well as to the command.
func (w *web) shelly1(number string) (string, error) {
	n, err := outletNumber(number, 0)
	if err != nil {
		return "", fmt.Errorf("/relay/N: %w", err)
	}
	path := fmt.Sprintf("/relay/%d", n)
	w.requests = map[verb]request{
		on: {method: "GET", path: path + "?turn=on"}, off: {method: "GET", path: path + "?turn=off"}, status: {method: "GET", path: path}}
	w.judge = func(_ verb, body []byte) (verb, error) { return field(body, "ison") }
	return strconv.Itoa(n), nil
}

// shelly2 answers {"output":true,…} to the question, and to the command with
// what was before it, which proves nothing.
func (w *web) shelly2(number string) (string, error) {
	n, err := outletNumber(number, 0)
	if err != nil {
		return "", fmt.Errorf("/rpc/Switch.Set?id=N: %w", err)
	}
	set := fmt.Sprintf("/rpc/Switch.Set?id=%d&on=", n)
	w.requests = map[verb]request{on: {method: "GET", path: set + "true"}, off: {method: "GET", path: set + "false"},
		status: {method: "GET", path: fmt.Sprintf("/rpc/Switch.GetStatus?id=%d", n)}}
	w.judge = func(v verb, body []byte) (verb, error) {
		if v == status {
			return field(body, "output")
		}
		_, err := field(body, "was_on")
		return "", err
	}
	return strconv.Itoa(n), nil
}

// field reads a field of a JSON object as on or off.
func field(body []byte, name string) (verb, error) {
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		return "", nonsense(body)
	}
	return stateOf(fields[name], body)
}

func stateOf(value any, body []byte) (verb, error) {
	switch fmt.Sprint(value) {
	case "true", "ON", "on":
		return on, nil
	case "false", "OFF", "off":
		return off, nil
	}
	return "", nonsense(body)
}

func nonsense(body []byte) error {
	return fmt.Errorf("%w: %s", relayproto.ErrNonsense, shown(string(body)))
}
