package power

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"mozpool/relayproto"
)

// answerLimit is how much of an answer is read, its header included.
const answerLimit = 64 << 10

// browser is the asker of HTTP lines. Each request has a connection of its own
// with the manners of relayproto.Connect. net/http's client is not used: it may
// send a request a second time, and gives no place between its connect and its
// write for the look at the lease.
type browser struct{ s *session }

func openHTTP(s *session) asker { return browser{s} }

func (b browser) timeout(spec Spec) time.Duration {
	_, w, _, err := readHTTP(spec.line)
	if err != nil {
		return httpTimeout
	}
	return w.timeout
}

// reach connects and says no more.
func (b browser) reach(ctx context.Context, before func() error) (string, error) {
	_, w, _, err := readHTTP(b.s.spec.line)
	if err != nil {
		return "", err
	}
	if err := before(); err != nil {
		return "", err
	}
	conn, err := relayproto.Connect(ctx, w.base.Host, b.s.options.Source)
	if err != nil {
		return "", err
	}
	return "accepts connections; it has no status to ask for", conn.Close()
}

// ask sends one request, and once more with the password if the device wants
// it: it did nothing for the first one then, and only a device that wants the
// password in the clear gets it so.
func (b browser) ask(ctx context.Context, spec Spec, v verb, before func() error) (answer, error) {
	_, w, _, err := readHTTP(spec.line)
	if err != nil {
		return answer{}, err
	}
	login, err := w.account.load(b.s.options.Getenv)
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", relayproto.ErrUnreachable, err)
	}
	r := w.requests[v]
	a := answer{sent: strings.TrimSpace(r.method + " " + r.path + " " + r.body)}
	code, body, challenge, err := b.send(ctx, w, r, login, before)
	if err == nil && code == http.StatusUnauthorized && login.password != "" && !w.account.inQuery {
		login.challenge = challenge
		code, body, _, err = b.send(ctx, w, r, login, before)
	}
	a.read = login.secrets.hide(string(body))
	if len(a.read) > outputLimit {
		a.read = a.read[:outputLimit]
	}
	if err != nil {
		return a, hide(err, login.secrets)
	}
	a.state, err = w.say(v, code, []byte(login.secrets.hide(string(body))))
	return a, err
}

// say judges an answer.
func (w web) say(v verb, code int, body []byte) (verb, error) {
	switch {
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
		return "", fmt.Errorf("%w: status %d%s", relayproto.ErrOccupied, code, after(string(body)))
	case code >= 300 && code < 400:
		return "", fmt.Errorf("%w: status %d sends us elsewhere, and nobody goes; write the address it means", relayproto.ErrFailed, code)
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return "", fmt.Errorf("%w: status %d: look at user= and the password", relayproto.ErrFailed, code)
	case code < 200 || code >= 300:
		return "", fmt.Errorf("%w: status %d%s", relayproto.ErrFailed, code, after(string(body)))
	case w.judge != nil:
		return w.judge(v, body)
	}
	r := w.requests[v]
	if v != status {
		if !holds(body, r.expect) {
			return "", fmt.Errorf("%w: %s where %s belongs", relayproto.ErrNonsense, shown(string(body)), shown(r.expect))
		}
		return "", nil
	}
	state := lastWord(string(body))
	if r.on != "" {
		isOn, isOff := holds(body, r.on), holds(body, r.off)
		switch {
		case isOn == isOff:
			state = ""
		case isOn:
			state = on
		default:
			state = off
		}
	}
	if state == "" {
		return "", nonsense(body)
	}
	return state, nil
}

// squeeze leaves out what devices write now so, now otherwise.
func squeeze(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), "")) }

func holds(body []byte, text string) bool {
	return strings.Contains(squeeze(string(body)), squeeze(text))
}

// send makes one connection for one request, written in one piece.
func (b browser) send(ctx context.Context, w web, r request, login login, before func() error) (code int, body []byte, challenge string, err error) {
	wire, err := encode(ctx, w, r, login)
	if err != nil {
		return 0, nil, "", err
	}
	tcp, err := relayproto.Connect(ctx, w.base.Host, b.s.options.Source)
	if err != nil {
		return 0, nil, "", err
	}
	defer func() { _ = tcp.Close() }() // the answer is in; there is nothing to do about it
	unhook := context.AfterFunc(ctx, func() { _ = tcp.SetDeadline(time.Unix(1, 0)) })
	defer unhook()
	conn, err := secure(ctx, tcp, w, login)
	if err != nil {
		return 0, nil, "", err
	}
	if err := before(); err != nil {
		return 0, nil, "", err
	}
	if err := ended(ctx); err != nil {
		return 0, nil, "", err
	}
	if _, err := conn.Write(wire); err != nil {
		return 0, nil, "", ioError(ctx, err, false)
	}
	return receive(ctx, conn)
}

func encode(ctx context.Context, w web, r request, login login) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, w.base.String()+login.path(w.account, r.path), strings.NewReader(r.body))
	if err != nil {
		return nil, errors.New("the request cannot be written") // the reason may quote a password
	}
	req.Close = true
	req.Header.Set("User-Agent", "mozpool")
	if r.body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if strings.ContainsAny(r.body[:1], "{[") {
			req.Header.Set("Content-Type", "application/json")
		}
	}
	login.authorize(req)
	var wire bytes.Buffer
	if err := req.Write(&wire); err != nil {
		return nil, errors.New("the request cannot be written")
	}
	return wire.Bytes(), nil
}

// secure adds TLS where the line asks for it. The handshake switches nothing.
func secure(ctx context.Context, tcp relayproto.Conn, w web, login login) (net.Conn, error) {
	if w.base.Scheme != "https" {
		return tcp, nil
	}
	conn := tls.Client(tcp, &tls.Config{ServerName: w.base.Hostname(), RootCAs: login.roots, MinVersion: tls.VersionTLS12})
	if err := conn.HandshakeContext(ctx); err != nil {
		var certificate *tls.CertificateVerificationError
		if errors.As(err, &certificate) {
			return nil, fmt.Errorf("%w: its certificate: %w; ca-file=/path.pem names one to trust", relayproto.ErrFailed, err)
		}
		return nil, ioError(ctx, err, false)
	}
	return conn, nil
}

// receive reads one answer to its end.
func receive(ctx context.Context, conn net.Conn) (code int, body []byte, challenge string, err error) {
	ear := &ear{conn: conn, left: answerLimit}
	response, err := http.ReadResponse(bufio.NewReader(ear), nil)
	if err == nil {
		code, challenge = response.StatusCode, choose(response.Header.Values("WWW-Authenticate"))
		body, err = io.ReadAll(response.Body)
		err = errors.Join(err, response.Body.Close())
	}
	switch {
	case err == nil:
		return code, body, challenge, nil
	case ear.err != nil: // the parser may say only that a header is malformed
		return 0, body, "", ioError(ctx, ear.err, ear.heard)
	}
	return 0, body, "", fmt.Errorf("%w: no HTTP: %w", relayproto.ErrNonsense, err)
}

// ear reads from a connection, and remembers how that went.
type ear struct {
	conn  net.Conn
	left  int
	heard bool
	err   error
}

func (e *ear) Read(p []byte) (int, error) {
	if e.left == 0 {
		e.err = errTooLong
		return 0, e.err
	}
	n, err := e.conn.Read(p[:min(len(p), e.left)])
	e.left -= n
	e.heard = e.heard || n > 0
	e.err = err
	return n, err
}

var errTooLong = fmt.Errorf("more than %d bytes", answerLimit)

// ioError puts a failure on the connection under its kind. What is none of the
// connection's is an answer of no sense.
func ioError(ctx context.Context, err error, heard bool) error {
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.EOF) || ctx.Err() != nil {
		return relayproto.IOError(ctx, err, heard)
	}
	return fmt.Errorf("%w: %w", relayproto.ErrNonsense, err)
}
