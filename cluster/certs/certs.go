// Package certs makes and uses the certificates by which the servers of a
// cluster know each other: a small authority of the cluster's own, and one
// certificate a server that names its node.
//
// It decides who may connect: whoever shows a certificate of the cluster's
// authority, for the node that it says it is. It refuses everybody else, and
// anything older than TLS 1.3. It knows no public authorities and no host
// names: servers are known by node, wherever they are.
//
// `mozpool cluster certs` makes them; the streams between servers use them.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// How long they are good for. A cluster outlives a person's memory, so the
// authority is good for long; a lost server's certificate ends by itself.
const (
	authorityYears = 20
	serverYears    = 5
)

// Pair is a certificate and its key, both PEM.
type Pair struct{ Cert, Key []byte }

// NewAuthority makes the authority of a cluster. Its key is needed only to
// make further certificates: keep it off the servers.
func NewAuthority(cluster string, now time.Time) (Pair, error) {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "mozpool cluster " + cluster},
		NotBefore:             now.Add(-time.Hour), // clocks apart
		NotAfter:              now.AddDate(authorityYears, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
	}
	pair, err := sign(template, nil)
	if err != nil {
		return Pair{}, fmt.Errorf("make authority of cluster %s: %w", cluster, err)
	}
	return pair, nil
}

// NewServer makes the certificate of one server, for both ends of a connection.
func (authority Pair) NewServer(node string, now time.Time) (Pair, error) {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: node},
		DNSNames:    []string{node},
		NotBefore:   now.Add(-time.Hour),
		NotAfter:    now.AddDate(serverYears, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	pair, err := sign(template, &authority)
	if err != nil {
		return Pair{}, fmt.Errorf("make certificate of node %s: %w", node, err)
	}
	return pair, nil
}

// sign makes a key and a certificate for it; authority nil = signed by itself.
func sign(template *x509.Certificate, authority *Pair) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return Pair{}, err
	}
	parent, by := template, key
	if authority != nil {
		if parent, by, err = authority.parse(); err != nil {
			return Pair{}, err
		}
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		return Pair{}, err
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}),
	}, nil
}

func (authority Pair) parse() (*x509.Certificate, *ecdsa.PrivateKey, error) {
	cert, key := block(authority.Cert, "CERTIFICATE"), block(authority.Key, "EC PRIVATE KEY")
	if cert == nil || key == nil {
		return nil, nil, errors.New("the authority's files hold no certificate or no key in PEM")
	}
	c, err := x509.ParseCertificate(cert)
	if err != nil {
		return nil, nil, fmt.Errorf("read the authority's certificate: %w", err)
	}
	k, err := x509.ParseECPrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("read the authority's key: %w", err)
	}
	return c, k, nil
}

// block is the content of the first block of a kind; nil = there is none.
func block(data []byte, kind string) []byte {
	for b, rest := pem.Decode(data); b != nil; b, rest = pem.Decode(rest) {
		if b.Type == kind {
			return b.Bytes
		}
	}
	return nil
}
