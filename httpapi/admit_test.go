package httpapi

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"mozpool/httpapi/access"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
)

// guarded is a server with a token for each role, and one for rack r2 only.
func guarded(t *testing.T, cfg Config) (s *Server, tokens map[string]string) {
	t.Helper()
	g := access.NewGate(func() time.Time { return apitest.Now })
	tokens = map[string]string{}
	var all []access.Token
	for name, token := range map[string]access.Token{"viewer": {Role: access.Viewer}, "operator": {Role: access.Operator}, "admin": {Role: access.Admin},
		"scoped": {Role: access.Admin, Racks: []string{"r2"}}} {
		token.Name = name
		tokens[name], token = access.Create(token)
		tokens[name] = "Authorization: Bearer " + tokens[name]
		all = append(all, token)
	}
	g.Set(all)
	cfg.Identify = Tokens(g)
	return start(t, cfg), tokens
}

// Every route asks for a token, and for the role that it takes.
func TestRolesSweep(t *testing.T) {
	t.Parallel()
	s, tokens := guarded(t, Config{Fleet: fleet()})
	for _, rt := range s.routes() {
		path := at(rt.path, "b1")
		if needOf(rt.method, rt.path) == access.Nobody {
			if res, _ := call(t, s, rt.method, path, ""); res.StatusCode != 200 {
				t.Errorf("%s takes a token: %d", path, res.StatusCode)
			}
			continue
		}
		res, body := call(t, s, rt.method, path, "")
		wantProblem(t, res, body, 401, v1.KindNoToken)
		if !strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: WWW-Authenticate is %q", path, res.Header.Get("WWW-Authenticate"))
		}
		for role := access.Viewer; role <= access.Admin; role++ {
			res, body := call(t, s, rt.method, path, "", tokens[role.String()])
			if refused := res.StatusCode == 403; refused != (role < needOf(rt.method, rt.path)) {
				t.Errorf("%s %s as %s: %d %s", rt.method, path, role, res.StatusCode, body)
			}
		}
		if rt.path == bulkPath {
			continue // see TestBulkScope
		}
		if res, _ := call(t, s, rt.method, path, "", tokens["scoped"]); (res.StatusCode == 403) != (rt.method != "GET") {
			t.Errorf("%s %s with a token for another rack: %d", rt.method, path, res.StatusCode)
		}
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]access.Role{
		"GET /livez": access.Nobody, "GET /readyz": access.Nobody, "GET /api/v1/openapi.json": access.Nobody, "GET /metrics": access.Viewer, "GET /api/v1/boards": access.Viewer, "POST /api/v1/boards/{name}/image": access.Operator,
		"POST /api/v1/relays/{name}/on": access.Operator, "POST /api/v1/incidents/{id}/close": access.Operator, "POST /api/v1/reload": access.Admin,
		"POST /api/v1/inventory/sync": access.Admin, "DELETE /api/v1/images/{name}": access.Admin, "POST /api/v1/boardsmore": access.Admin,
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := needOf(method, path); got != want {
			t.Errorf("%s takes %s, want %s", request, got, want)
		}
	}
}

func TestGuessersWait(t *testing.T) {
	t.Parallel()
	s, tokens := guarded(t, Config{Fleet: fleet()})
	var res *http.Response
	var body []byte
	for range 20 {
		res, body = call(t, s, "GET", "/api/v1/boards", "", "Authorization: Bearer nonsense")
	}
	wantProblem(t, res, body, 429, v1.KindTooMany)
	if res.Header.Get("Retry-After") == "" || strings.Contains(string(body), "nonsense") {
		t.Errorf("%v %s", res.Header, body)
	}
	if res, _ := call(t, s, "GET", "/api/v1/boards", "", tokens["viewer"]); res.StatusCode != 200 {
		t.Errorf("a token that is known: %d", res.StatusCode)
	}
}

// Refused changes are told of as well; reads are not.
func TestAuditOfChanges(t *testing.T) {
	t.Parallel()
	var told changes
	s, tokens := guarded(t, Config{Fleet: fleet(), Audit: told.add})
	call(t, s, "GET", "/api/v1/boards", "", tokens["viewer"])
	if c := told.last(); c.What != "" {
		t.Errorf("a read is no change: %+v", c)
	}
	for path, result := range map[string]string{"/api/v1/boards/b1/unlock": "done", "/api/v1/boards/nobody/unlock": "not_found"} {
		call(t, s, "POST", path, "", tokens["operator"])
		if c := told.last(); c.Who != "operator" || c.From != "127.0.0.1" || c.What != "POST "+path || c.Result != result || !c.At.Equal(apitest.Now) {
			t.Errorf("told %+v", c)
		}
	}
	call(t, s, "POST", "/api/v1/boards/b1/unlock", "", tokens["viewer"])
	if c := told.last(); c.Who != "viewer" || c.Result != "forbidden" {
		t.Errorf("who may not was not told of: %+v", c)
	}
	call(t, s, "POST", "/api/v1/boards/b1/lock", "", "Authorization: Bearer nonsense")
	if c := told.last(); c.Who != "viewer" {
		t.Errorf("a stranger fills the log: %+v", c)
	}
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	cert := certificate(t)
	s := start(t, Config{Fleet: fleet(), TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Get(s.URL() + "/livez")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // read only
	if res.StatusCode != 200 || !strings.HasPrefix(s.URL(), "https://") {
		t.Errorf("%s: %d", s.URL(), res.StatusCode)
	}
	plain, err := http.Get("http://" + s.Addr() + "/livez")
	if err == nil {
		defer func() { _ = plain.Body.Close() }() // read only
		if plain.StatusCode == 200 {
			t.Error("it answers without TLS")
		}
	}
}
