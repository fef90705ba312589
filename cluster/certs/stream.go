package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"time"
)

// handshakeTime bounds a handshake: who connects and says nothing is let go.
const handshakeTime = 5 * time.Second

// Streams opens connections between servers of one cluster.
type Streams struct {
	server, client *tls.Config
}

// NewStreams uses a server's own certificate and its cluster's authority.
func NewStreams(own Pair, authority []byte) (*Streams, error) {
	cert, err := tls.X509KeyPair(own.Cert, own.Key)
	if err != nil {
		return nil, fmt.Errorf("read this server's certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("read the cluster's authority: the file holds no certificate in PEM")
	}
	server := &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert}, NextProtos: []string{Questions},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
	}
	client := &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert},
		// Servers are known by authority, not by the name they are reached
		// under; VerifyConnection checks what this leaves out.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			return verify(state, pool)
		},
	}
	return &Streams{server, client}, nil
}

func verify(state tls.ConnectionState, pool *x509.CertPool) error {
	if len(state.PeerCertificates) == 0 {
		return fmt.Errorf("the server showed no certificate")
	}
	rest := x509.NewCertPool()
	for _, cert := range state.PeerCertificates[1:] {
		rest.AddCert(cert)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: pool, Intermediates: rest})
	return err
}

// Listen wraps a listener; the handshake is made at the first read or write,
// within the deadline that is set there.
func (s *Streams) Listen(l net.Listener) net.Listener { return tls.NewListener(l, s.server) }

// Questions is the protocol of connections for questions; those for the log
// name none.
const Questions = "mozpool-ask/1"

// Dial connects to a server of the cluster and makes sure that it is one.
func (s *Streams) Dial(ctx context.Context, address string) (net.Conn, error) {
	return dial(ctx, address, s.client)
}

// DialQuestions is Dial, for Questions.
func (s *Streams) DialQuestions(ctx context.Context, address string) (net.Conn, error) {
	c := s.client.Clone()
	c.NextProtos = []string{Questions}
	return dial(ctx, address, c)
}

// Protocol makes the handshake of an accepted connection, within a bounded
// time, and says what the connection is for; "" = the log.
func Protocol(c net.Conn) (string, error) {
	t, ok := c.(*tls.Conn)
	if !ok {
		return "", fmt.Errorf("connection from %s is not encrypted", c.RemoteAddr())
	}
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	defer cancel()
	if err := t.HandshakeContext(ctx); err != nil {
		return "", fmt.Errorf("connection from %s: %w", c.RemoteAddr(), err)
	}
	return t.ConnectionState().NegotiatedProtocol, nil
}

func dial(ctx context.Context, address string, conf *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	d := tls.Dialer{Config: conf}
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect to server at %s: %w", address, err)
	}
	return c, nil
}

// Node says which node the other end of a connection is, after the handshake.
func (s *Streams) Node(c net.Conn) (string, error) {
	t, ok := c.(*tls.Conn)
	if !ok {
		return "", fmt.Errorf("connection from %s shows no certificate", c.RemoteAddr())
	}
	peers := t.ConnectionState().PeerCertificates
	if len(peers) == 0 {
		return "", fmt.Errorf("connection from %s shows no certificate", c.RemoteAddr())
	}
	return peers[0].Subject.CommonName, nil
}
