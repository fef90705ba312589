package outletsim

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// nonce of digests; a real device makes new ones.
const nonce = "5f9c2a"

// allowed checks the password; else it gives the header that asks for it.
func (s *Strip) allowed(r *http.Request) (header string, ok bool) {
	o := s.options
	if o.Password == "" {
		return "", true
	}
	switch o.Style {
	case Tasmota:
		q := r.URL.Query()
		return "", q.Get("user") == o.User && q.Get("password") == o.Password
	case Shelly2:
		return `WWW-Authenticate: Digest qop="auth", realm="shelly-1", nonce="` + nonce + `", algorithm=SHA-256` + "\r\n", s.digested(r)
	default:
		user, password, _ := r.BasicAuth()
		return "WWW-Authenticate: Basic realm=\"outlets\"\r\n", user == o.User && password == o.Password
	}
}

func (s *Strip) unauthorized() string {
	if s.options.Style == Tasmota {
		return `{"WARNING":"Need user=<username>&password=<password>"}`
	}
	return ""
}

var field = regexp.MustCompile(`(\w+)="?([^",]+)"?`)

// digested checks an answer to the challenge by RFC 7616, section 3.4.1.
func (s *Strip) digested(r *http.Request) bool {
	p := make(map[string]string)
	for _, m := range field.FindAllStringSubmatch(r.Header.Get("Authorization"), -1) {
		p[m[1]] = m[2]
	}
	h := func(parts ...string) string {
		return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(parts, ":"))))
	}
	want := h(h(s.options.User, "shelly-1", s.options.Password), nonce, p["nc"], p["cnonce"], "auth", h(r.Method, r.URL.RequestURI()))
	return p["response"] == want && p["uri"] == r.URL.RequestURI() && p["nonce"] == nonce
}

// act does a request in the strip's style.
func (s *Strip) act(r *http.Request, body string, f Faults) (status int, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change := func(n int, to string) {
		if f.Stuck {
			return
		}
		switch strings.ToLower(to) {
		case "on", "true":
			s.set(n, true)
		case "off", "false":
			s.set(n, false)
		}
	}
	switch s.options.Style {
	case Tasmota:
		return s.tasmota(r, change)
	case Shelly1:
		return s.shelly1(r, change)
	case Shelly2:
		return s.shelly2(r, change)
	default:
		return s.daemon(r, body, change)
	}
}

func (s *Strip) tasmota(r *http.Request, change func(int, string)) (int, string) {
	command, to, _ := strings.Cut(r.URL.Query().Get("cmnd"), " ")
	digits, ok := strings.CutPrefix(command, "Power")
	n, err := strconv.Atoi(digits)
	if r.URL.Path != "/cm" || !ok || err != nil {
		return http.StatusOK, `{"Command":"Unknown"}`
	}
	change(n, to)
	return http.StatusOK, fmt.Sprintf(`{"POWER%d":"%s"}`, n, strings.ToUpper(s.word(n)))
}

func (s *Strip) shelly1(r *http.Request, change func(int, string)) (int, string) {
	n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/relay/"))
	if err != nil {
		return http.StatusNotFound, "Not Found"
	}
	change(n, r.URL.Query().Get("turn"))
	return http.StatusOK, fmt.Sprintf(`{"ison":%v,"has_timer":false,"source":"http"}`, !s.cut[n])
}

func (s *Strip) shelly2(r *http.Request, change func(int, string)) (int, string) {
	n, err := strconv.Atoi(r.URL.Query().Get("id"))
	if err != nil {
		return http.StatusInternalServerError, `{"code":-103,"message":"Missing required argument 'id'!"}`
	}
	switch r.URL.Path {
	case "/rpc/Switch.Set":
		before := !s.cut[n]
		change(n, r.URL.Query().Get("on"))
		return http.StatusOK, fmt.Sprintf(`{"was_on":%v}`, before)
	case "/rpc/Switch.GetStatus":
		return http.StatusOK, fmt.Sprintf(`{"id":%d, "source":"HTTP_in", "output":%v}`, n, !s.cut[n])
	}
	return http.StatusNotFound, `{"code":404,"message":"No handler"}`
}

func (s *Strip) daemon(r *http.Request, body string, change func(int, string)) (int, string) {
	number, cycled := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/outlets/"), "/cycle")
	n, err := strconv.Atoi(number)
	if err != nil {
		return http.StatusNotFound, "no such outlet\n"
	}
	switch {
	case cycled && r.Method == http.MethodPost:
		change(n, "off")
		change(n, "on")
	case r.Method == http.MethodPut:
		var wish struct{ State string }
		if err := json.Unmarshal([]byte(body), &wish); err != nil {
			return http.StatusBadRequest, "a body like {\"state\":\"on\"} belongs here\n"
		}
		change(n, wish.State)
	}
	return http.StatusOK, fmt.Sprintf("{\"outlet\": %d, \"state\": \"%s\"}\n", n, s.word(n))
}

// word needs s.mu.
func (s *Strip) word(n int) string {
	if s.cut[n] {
		return "off"
	}
	return "on"
}
