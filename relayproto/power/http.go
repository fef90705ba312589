package power

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// httpTimeout is the limit of one request whose line names none.
const httpTimeout = 5 * time.Second

// request is what one operation sends, and what the answer must say.
type request struct {
	method string
	path   string // with the query
	body   string
	on     string // status: what the answer holds if the outlet has power
	off    string // status: and if it has none
	expect string // others: what the answer must hold; empty: any 2xx will do
}

// web is an HTTP line, understood.
type web struct {
	base     *url.URL // scheme and host with port
	requests map[verb]request
	judge    func(v verb, body []byte) (verb, error) // of a preset; nil: by the request's texts
	account  account
	timeout  time.Duration
}

// parseHTTP reads "http(s)://host[:port]/… [; option=…]…"; see DESIGN.md.
func parseHTTP(text string) (Spec, error) {
	l, w, outlet, err := readHTTP(text)
	if err != nil {
		return Spec{}, err
	}
	// By http or https, it is the same device.
	host := strings.TrimSuffix(w.base.Host, map[string]string{"http": ":80", "https": ":443"}[w.base.Scheme])
	spec := Spec{line: l.tidy, device: "http://" + host, outlet: outlet}
	spec.Can, err = able(func(v verb) bool { _, ok := w.requests[v]; return ok })
	return spec, err
}

func readHTTP(text string) (l line, w web, outlet string, err error) {
	if l, err = parseLine(text, "on", "off", "cycle", "status", "timeout", "outlet",
		"user", "password-file", "password-env", "token-file", "token-env", "ca-file"); err != nil {
		return l, w, "", err
	}
	u, err := baseURL(l.subject)
	if err != nil {
		return l, w, "", err
	}
	w.base = &url.URL{Scheme: u.Scheme, Host: u.Host}
	if w.timeout, err = l.limit(httpTimeout); err != nil {
		return l, w, "", err
	}
	if w.account, err = readAccount(l); err != nil {
		return l, w, "", err
	}
	if slices.ContainsFunc(verbs, func(v verb) bool { return l.options[string(v)] != "" }) {
		outlet, err = w.generic(l, u)
	} else {
		outlet, err = w.preset(l, u)
	}
	return l, w, outlet, err
}

// baseURL checks the URL. Its errors do not quote it: a password may stand there.
func baseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("this is no URL; write http://host[:port]/path")
	case u.User != nil:
		return nil, errors.New("the URL holds a user; passwords do not belong in boards.yaml, which people read: use user=NAME with password-file=/path or password-env=NAME")
	case u.Hostname() == "" || strings.ContainsAny(u.Hostname(), " \"'"):
		return nil, errors.New("the URL names no host; write http://host[:port]/path")
	case u.Fragment != "":
		return nil, errors.New("the URL has a # part, which is never sent; leave it out")
	case hidesPassword(u.RawQuery):
		return nil, errPassword
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return nil, errors.New("the URL's port is not 1 to 65535")
	}
	u.Host = net.JoinHostPort(strings.ToLower(u.Hostname()), port)
	return u, nil
}

var errPassword = errors.New("a password stands in the URL; use user=NAME with password-file=/path or password-env=NAME")

// hidesPassword looks for queries as devices take them.
func hidesPassword(query string) bool {
	for _, pair := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(strings.ToLower(pair), "=")
		if slices.Contains([]string{"password", "passwd", "pass", "pwd", "pw", "token", "secret", "apikey", "api_key", "auth"}, name) {
			return true
		}
	}
	return false
}

// generic takes the requests from the line: "METHOD /path [body] [=> answer]".
func (w *web) generic(l line, u *url.URL) (string, error) {
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return "", errors.New("a path stands in the URL and in the operations; write the URL as http://host[:port]/ only")
	}
	w.requests = make(map[verb]request)
	for _, v := range verbs {
		text, ok := l.options[string(v)]
		if !ok {
			continue
		}
		r, err := readRequest(v, text)
		if err != nil {
			return "", fmt.Errorf("%s=: %w", v, err)
		}
		w.requests[v] = r
	}
	outlet, err := l.name("outlet")
	if outlet == "" {
		r := w.requests[on]
		if r.method == "" {
			r = w.requests[cycle]
		}
		outlet = strings.TrimSpace(r.method + " " + r.path + " " + r.body)
	}
	return outlet, err
}

var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

func readRequest(v verb, text string) (request, error) {
	what, answers, judged := strings.Cut(text, "=>")
	r := request{}
	var rest string
	r.method, rest, _ = strings.Cut(strings.TrimSpace(what), " ")
	r.path, r.body, _ = strings.Cut(strings.TrimSpace(rest), " ")
	r.body = strings.TrimSpace(r.body)
	switch {
	case !slices.Contains(methods, r.method):
		return r, fmt.Errorf("begin with one of %s, then the path, then the body if there is one", strings.Join(methods, ", "))
	case !strings.HasPrefix(r.path, "/"):
		return r, errors.New("a path that begins with / stands behind the method")
	case r.method == "GET" && r.body != "":
		return r, errors.New("GET has no body; use POST or PUT, or put it into the path")
	}
	u, err := url.ParseRequestURI(r.path)
	if err != nil || u.Host != "" {
		return r, errors.New("the path is none; write blanks in it as %20")
	}
	if hidesPassword(u.RawQuery) {
		return r, errPassword
	}
	if !judged {
		return r, nil
	}
	answers = strings.TrimSpace(answers)
	if v != status {
		r.expect = answers
		return r, nil
	}
	yes, no, both := strings.Cut(answers, "|")
	r.on, r.off = strings.TrimSpace(yes), strings.TrimSpace(no)
	if !both || r.on == "" || r.off == "" || squeeze(r.on) == squeeze(r.off) {
		return r, errors.New(`write behind => what the answer holds when on, |, and what when off, such as => "output":true | "output":false`)
	}
	return r, nil
}
