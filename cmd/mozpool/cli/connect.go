package cli

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"mozpool/httpapi/client"
)

// connect makes the client of the server that was meant: the flag's, else the environment's, else the context's. A token of
// a context goes to that context's server and nowhere else.
func connect(g *CLI) (*client.Client, error) {
	server := g.Server
	if g.Context == "" {
		server = cmp.Or(server, os.Getenv("MOZPOOL_SERVER"))
	}
	if server != "" {
		return client.New(server, client.Options{Token: g.Token, User: login()})
	}
	path, err := contextsFile()
	if err != nil && g.Context == "" {
		return client.New(DefaultServer, client.Options{Token: g.Token, User: login()}) // a user without a home has no contexts
	}
	if err != nil {
		return nil, err
	}
	f, err := loadContexts(path)
	if err != nil {
		return nil, err
	}
	e, err := f.find(g.Context)
	if err != nil {
		return nil, err
	}
	opt := client.Options{Token: g.Token, User: login()}
	if opt.Token == "" {
		if opt.Token, err = e.token(); err != nil {
			return nil, err
		}
	}
	if opt.TLS, err = e.trust(); err != nil {
		return nil, err
	}
	return client.New(cmp.Or(e.Server, DefaultServer), opt)
}

// trust is whom the context's server is to be signed by; nil: those whom the machine knows.
func (e contextEntry) trust() (*tls.Config, error) {
	if e.CA == "" {
		return nil, nil
	}
	data, err := os.ReadFile(e.CA)
	if err != nil {
		return nil, fmt.Errorf("read the context's ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("there is no certificate in %s: it is to be PEM, beginning with -----BEGIN CERTIFICATE-----", e.CA)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}, nil
}
