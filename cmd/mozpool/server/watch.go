package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"mozpool/httpapi/access"
	"mozpool/persistence"
)

// lastEvents is how many lines of all logs a crash report gets.
const lastEvents = 300

// CrashFolder is where reports of crashes are kept: data/crashes.
func (s *Server) CrashFolder() string { return filepath.Join(s.cfg.Data, "crashes") }

// Alive asks the server's own API whether it answers: through its socket, as everybody does.
func (s *Server) Alive(ctx context.Context) error {
	// Only whether it answers is asked, of ourselves: the certificate's name is another.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.APIURL()+"/livez", nil)
	if err != nil {
		return fmt.Errorf("ask the API whether it lives: %w", err)
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the API whether it lives: %w", err)
	}
	_ = res.Body.Close() // the status says all
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("ask the API whether it lives: it answered %s", res.Status)
	}
	return nil
}

// LastEvents writes the last lines of all logs up to a time: what boards, relays and people did.
func (s *Server) LastEvents(ctx context.Context, until time.Time) func(io.Writer) error {
	return func(w io.Writer) error {
		lines, err := s.logs.Query(ctx, persistence.Filter{Until: until, Tail: lastEvents})
		if err != nil {
			return fmt.Errorf("read the last events: %w", err)
		}
		for _, l := range lines {
			if _, err := fmt.Fprintf(w, "%s %s %s: %q\n", l.At.UTC().Format(time.RFC3339Nano), l.Board, l.Source, l.Text); err != nil {
				return err
			}
		}
		return nil
	}
}

// Administers says whether a request carries an administrator's token; without a tokens file everybody does, as with
// the API.
func (s *Server) Administers(r *http.Request) bool {
	if s.doors.gate == nil {
		return true
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	by, err := s.doors.gate.Identify(r.Header.Get("Authorization"), host)
	return err == nil && by.May(access.Admin)
}
