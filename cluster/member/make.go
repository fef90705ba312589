package member

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"mozpool/cluster/certs"
)

// FileAuthorityKey is the authority's key, in the folder above those of the servers.
const FileAuthorityKey = "authority.key"

// MakeIdentities makes an authority in dir, unless it is there, and below dir a folder of keys for each server that has
// none. It returns the folders that it made.
func MakeIdentities(dir, cluster string, servers []string) (made []string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the keys of cluster %s: %w", cluster, err)
	}
	authority, err := authorityIn(dir, cluster)
	if err != nil {
		return nil, err
	}
	key, err := kept(filepath.Join(dir, FileGossip), func() ([]byte, error) {
		secret := make([]byte, 32)
		_, _ = rand.Read(secret) // never fails: crypto/rand aborts the program instead
		return append([]byte(base64.StdEncoding.EncodeToString(secret)), '\n'), nil
	})
	if err != nil {
		return nil, err
	}
	for _, server := range servers {
		own := filepath.Join(dir, server)
		if _, err := os.Stat(own); err == nil {
			continue
		}
		if err := makeServer(own, server, authority, key); err != nil {
			return made, fmt.Errorf("make the keys of server %s: %w", server, err)
		}
		made = append(made, own)
	}
	return made, nil
}

// authorityIn reads the authority of dir, or makes it.
func authorityIn(dir, cluster string) (certs.Pair, error) {
	cert, err := os.ReadFile(filepath.Join(dir, FileAuthority))
	if err == nil {
		key, err := os.ReadFile(filepath.Join(dir, FileAuthorityKey))
		if err != nil {
			return certs.Pair{}, fmt.Errorf("read the authority's key, which further servers need: %w", err)
		}
		return certs.Pair{Cert: cert, Key: key}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return certs.Pair{}, fmt.Errorf("read the authority: %w", err)
	}
	pair, err := certs.NewAuthority(cluster, time.Now())
	if err != nil {
		return certs.Pair{}, err
	}
	return pair, errors.Join(write(filepath.Join(dir, FileAuthorityKey), pair.Key), write(filepath.Join(dir, FileAuthority), pair.Cert))
}

func makeServer(dir, server string, authority certs.Pair, gossip []byte) error {
	own, err := authority.NewServer(server, time.Now())
	if err != nil {
		return err
	}
	beside := dir + ".new" // so that a folder is whole or not there
	if err := os.MkdirAll(beside, 0o700); err != nil {
		return err
	}
	for name, data := range map[string][]byte{FileAuthority: authority.Cert, FileCert: own.Cert, FileKey: own.Key, FileGossip: gossip} {
		if err := write(filepath.Join(beside, name), data); err != nil {
			return err
		}
	}
	return os.Rename(beside, dir)
}

// kept reads a file, or makes it.
func kept(path string, make func() ([]byte, error)) ([]byte, error) {
	data, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return bytes.Clone(data), err
	}
	if data, err = make(); err != nil {
		return nil, err
	}
	return data, write(path, data)
}

// write is for secrets: nobody else reads them.
func write(path string, data []byte) error { return os.WriteFile(path, data, 0o600) }
