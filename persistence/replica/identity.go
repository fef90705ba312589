package replica

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// identity is who this folder is in a group; it is made once and never
// changes, so that a copied or emptied folder cannot pass for the one that
// voted before.
type identity struct {
	Format   int    `json:"format"`
	Node     string `json:"node"`     // name in the group
	Instance string `json:"instance"` // of this folder, random
	Cluster  string `json:"cluster"`  // the group's id; "" until it has one
}

const identityFormat = 1

// loadIdentity reads NODE from dir or makes it. node and cluster may be "":
// then what is stored holds, or a random node and no cluster.
func loadIdentity(dir, node, cluster string) (identity, error) {
	path := filepath.Join(dir, "NODE")
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		id := identity{Format: identityFormat, Node: node, Instance: rand.Text(), Cluster: cluster}
		if node == "" {
			id.Node = "server-" + strings.ToLower(rand.Text()[:8])
		}
		return id, id.save(path)
	}
	if err != nil {
		return identity{}, fmt.Errorf("read who this server is: %w", err)
	}
	var id identity
	if err := json.Unmarshal(data, &id); err != nil {
		return identity{}, fmt.Errorf("read who this server is from %s: %w", path, err)
	}
	return id, id.fits(path, node, cluster)
}

// fits refuses what would make this folder somebody else, and takes on a
// cluster id if it has none yet.
func (id *identity) fits(path, node, cluster string) error {
	switch {
	case id.Format > identityFormat:
		return fmt.Errorf("%s has format %d, this mozpool reads %d; use the version that wrote it", path, id.Format, identityFormat)
	case node != "" && node != id.Node:
		return fmt.Errorf("folder %s belongs to node %s, not %s; name that node in the configuration, or begin with an empty folder",
			filepath.Dir(path), id.Node, node)
	case cluster != "" && id.Cluster != "" && cluster != id.Cluster:
		return fmt.Errorf("folder %s belongs to cluster %s, not %s; name that cluster in the configuration, or begin with an empty folder",
			filepath.Dir(path), id.Cluster, cluster)
	case cluster == "" || id.Cluster == cluster:
		return nil
	}
	id.Cluster = cluster
	return id.save(path)
}

func (id identity) save(path string) error {
	data, err := json.Marshal(id)
	if err != nil {
		return fmt.Errorf("write who this server is: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("write who this server is: %w", err)
	}
	return writeSynced(path, append(data, '\n'))
}

// writeSynced puts a file in place whole or not at all.
func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("sync folder of %s: %w", path, err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}
