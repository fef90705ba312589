package member

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mozpool/cluster/certs"
)

// The files of a server's folder of keys, as `mozpool cluster certs` makes them.
const (
	FileAuthority = "authority.pem"
	FileCert      = "server.pem"
	FileKey       = "server.key"
	FileGossip    = "gossip.keys" // one key a line, base64; the first is used, the others are understood
)

// Identity is who this server is, and by whom it knows the others.
type Identity struct {
	Own       certs.Pair
	Authority []byte
	Keys      [][]byte // of gossip
}

// ReadIdentity reads a folder of keys.
func ReadIdentity(dir string) (id Identity, err error) {
	for name, to := range map[string]*[]byte{FileAuthority: &id.Authority, FileCert: &id.Own.Cert, FileKey: &id.Own.Key} {
		if *to, err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return id, fmt.Errorf("read the keys of this server: %w; make them with: mozpool cluster certs", err)
		}
	}
	id.Keys, err = ReadKeys(dir)
	return id, err
}

// ReadKeys reads gossip's keys of a folder of keys: the first is used, the others are understood.
func ReadKeys(dir string) (keys [][]byte, err error) {
	path := filepath.Join(dir, FileGossip)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the keys of gossip: %w; make them with: mozpool cluster certs", err)
	}
	for _, line := range strings.Fields(string(text)) {
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) != 16 && len(key) != 24 && len(key) != 32 {
			return nil, fmt.Errorf("read the keys of gossip: %s has a line that is no key; each is 16, 24 or 32 bytes in base64", path)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("read the keys of gossip: %s has none; put back the one that the other servers use", path)
	}
	return keys, nil
}

// owns makes sure that the certificate is this server's.
func (id Identity) owns(server string) error {
	block, _ := pem.Decode(bytes.TrimSpace(id.Own.Cert))
	if block == nil {
		return fmt.Errorf("the certificate of this server is not PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return fmt.Errorf("read the certificate of this server: %w", err)
	}
	if cert.Subject.CommonName != server {
		return fmt.Errorf("the certificate is of server %s, this one is %s; use the folder of keys that was made for this server", cert.Subject.CommonName, server)
	}
	return nil
}
