package server

import (
	"crypto/tls"
	"fmt"
	"path/filepath"
	"sync/atomic"

	"mozpool/cmd/mozpool/config"
	"mozpool/httpapi"
	"mozpool/httpapi/access"
)

// doors are what keeps strangers out of the API: tokens, a certificate, and the log of who changed what.
type doors struct {
	gate  *access.Gate // nil: no tokens are asked for
	cert  atomic.Pointer[tls.Certificate]
	audit *access.Audit
}

// openDoors reads tokens and certificate, and opens the audit log.
func (s *Server) openDoors() error {
	if s.cfg.API.Tokens != "" {
		s.doors.gate = access.NewGate(s.opts.Clock)
	}
	if err := s.doors.reload(s.cfg); err != nil {
		return configError{err}
	}
	audit, err := access.OpenAudit(filepath.Join(s.cfg.Data, "audit.log"), s.log)
	if err != nil {
		return err
	}
	s.doors.audit = audit
	s.closers = append(s.closers, audit.Close)
	return nil
}

// reload reads tokens and certificate again; an error changes neither. Connections keep the certificate that they
// began with, a token that is gone is refused from the next request on.
func (d *doors) reload(cfg config.Config) error {
	tokens, err := readTokens(cfg)
	if err != nil {
		return err
	}
	cert, err := readCert(cfg)
	if err != nil {
		return err
	}
	if cert != nil {
		d.cert.Store(cert)
	}
	if d.gate != nil {
		d.gate.Set(tokens)
	}
	return nil
}

func readTokens(cfg config.Config) (tokens []access.Token, err error) {
	if cfg.API.Tokens == "" {
		return nil, nil
	}
	if tokens, err = access.Load(cfg.API.Tokens); err != nil {
		return nil, fmt.Errorf("api.tokens: %w; make the first with: mozpool token create NAME --role admin --file %s", err, cfg.API.Tokens)
	}
	return tokens, nil
}

func readCert(cfg config.Config) (*tls.Certificate, error) {
	if cfg.API.Cert == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(cfg.API.Cert, cfg.API.Key)
	if err != nil {
		return nil, fmt.Errorf("api.cert: read the certificate %s and its key %s: %w", cfg.API.Cert, cfg.API.Key, err)
	}
	return &cert, nil
}

// guard puts the doors before an API.
func (d *doors) guard(c *httpapi.Config) {
	c.Audit = d.audit.Write
	if d.gate != nil {
		c.Identify = httpapi.Tokens(d.gate)
	}
	if d.cert.Load() != nil {
		c.TLS = &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return d.cert.Load(), nil }}
	}
}
