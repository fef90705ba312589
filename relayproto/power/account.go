package power

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// account is where a line says its password is. The password itself is read for
// each request, so that it may change under a running server, and is kept by
// nobody.
type account struct {
	user    string
	files   map[string]string // password, token, ca: paths
	env     map[string]string // password, token: names of variables
	inQuery bool              // Tasmota takes user and password in the query
}

// login is an account with its secrets, for one request.
type login struct {
	user, password, token string
	challenge             string // of the device, once it asked for the password
	roots                 *x509.CertPool
	secrets               secrets
}

func readAccount(l line) (account, error) {
	a := account{user: l.options["user"], files: map[string]string{}, env: map[string]string{}}
	for _, what := range []string{"password", "token", "ca"} {
		file, name := l.options[what+"-file"], l.options[what+"-env"]
		switch {
		case file != "" && name != "":
			return a, fmt.Errorf("%s-file= and %s-env= stand both there; leave one out", what, what)
		case file != "" && !filepath.IsAbs(file):
			return a, fmt.Errorf("%s-file=: give the full path", what)
		case strings.Contains(name, "="):
			return a, fmt.Errorf("%s-env= names a variable of the server; its value stays out of boards.yaml", what)
		}
		if file != "" {
			a.files[what] = file
		}
		if name != "" {
			a.env[what] = name
		}
	}
	switch {
	case a.has("password") && a.has("token"):
		return a, errors.New("a password and a token stand there; leave one out")
	case a.has("password") && a.user == "":
		return a, errors.New("a password stands there without user=NAME")
	case a.user != "" && !a.has("password"):
		return a, errors.New("user= stands there without password-file=/path or password-env=NAME")
	}
	return a, nil
}

func (a account) has(what string) bool { return a.files[what] != "" || a.env[what] != "" }

// load reads the secrets. Its errors name files and variables, never contents.
func (a account) load(getenv func(string) (string, bool)) (login, error) {
	in := login{user: a.user}
	var err error
	if in.password, err = a.secret("password", getenv); err != nil {
		return in, err
	}
	if in.token, err = a.secret("token", getenv); err != nil {
		return in, err
	}
	if file := a.files["ca"]; file != "" {
		pem, err := readSmall(file)
		if err != nil {
			return in, fmt.Errorf("ca-file: %w", err)
		}
		in.roots = x509.NewCertPool()
		if !in.roots.AppendCertsFromPEM(pem) {
			return in, fmt.Errorf("ca-file %s holds no certificate", file)
		}
	}
	in.secrets = secrets{}.add(in.password).add(in.token).add(in.user + ":" + in.password)
	return in, nil
}

func (a account) secret(what string, getenv func(string) (string, bool)) (string, error) {
	if !a.has(what) {
		return "", nil
	}
	value, ok := "", false
	if name := a.env[what]; name != "" {
		if value, ok = getenv(name); !ok {
			return "", fmt.Errorf("the variable %s of %s-env is not set", name, what)
		}
	} else {
		text, err := readSmall(a.files[what])
		if err != nil {
			return "", fmt.Errorf("%s-file: %w", what, err)
		}
		value = strings.TrimRight(string(text), "\r\n")
	}
	if value == "" || strings.ContainsAny(value, "\r\n\x00") {
		return "", fmt.Errorf("the %s is empty or has several lines; put it alone into one line", what)
	}
	return value, nil
}

// readSmall reads a file of at most 64 KiB.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return nil, err
	}
	return text, nil
}

// path adds user and password for devices that take them there.
func (l login) path(a account, path string) string {
	if !a.inQuery || l.password == "" {
		return path
	}
	return path + "&user=" + url.QueryEscape(l.user) + "&password=" + url.QueryEscape(l.password)
}

// authorize proves who asks: a token at once, a password as the device's
// challenge wants it.
func (l login) authorize(r *http.Request) {
	switch {
	case l.token != "":
		r.Header.Set("Authorization", "Bearer "+l.token)
	case isDigest(l.challenge):
		r.Header.Set("Authorization", digest(l.challenge, l.user, l.password, r.Method, r.URL.RequestURI(), nonce()))
	case l.challenge != "":
		r.SetBasicAuth(l.user, l.password)
	}
}

// hidden is an error whose text shows no secret; what it is stays.
type hidden struct {
	text string
	err  error
}

func (h hidden) Error() string { return h.text }
func (h hidden) Unwrap() error { return h.err }

func hide(err error, s secrets) error {
	if text := s.hide(err.Error()); text != err.Error() {
		return hidden{text, err}
	}
	return err
}
