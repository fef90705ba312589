package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestCluster(t *testing.T) {
	t.Parallel()
	path := write(t, `server: img1
cluster: {id: lab, gossip: "10.90.0.1:7946", streams: "10.90.0.1:7947", join: ["10.90.0.2:7946", "img3:7946"], expect: 3, keys: keys}
racks:
  r1: {servers: [img1, img2], listen: 10.91.0.1}
`)
	c, problems, _ := Load(path)
	if problems != nil {
		t.Fatal(problems)
	}
	if !c.Cluster.Enabled() || c.Cluster.Keys != filepath.Join(filepath.Dir(path), "keys") || c.Cluster.Expect != 3 || len(c.Cluster.Join) != 2 {
		t.Errorf("read as %+v", c.Cluster)
	}
	if Default().Cluster.Enabled() {
		t.Error("a server is of a cluster without being told")
	}
}

func TestBadCluster(t *testing.T) {
	t.Parallel()
	whole := `id: lab, gossip: "10.0.0.1:1", streams: "10.0.0.1:2", keys: k`
	for name, tc := range map[string]struct{ keys, want string }{
		"no id":         {`gossip: "10.0.0.1:1"`, "cluster: has no id"},
		"bad id":        {whole + `, id: "a b"`, "twice"},
		"no keys":       {`id: lab, gossip: "10.0.0.1:1", streams: "10.0.0.1:2"`, "names no folder of keys"},
		"everywhere":    {`id: lab, gossip: "0.0.0.0:1", streams: "10.0.0.1:2", keys: k`, "cluster.gossip: \"0.0.0.0:1\" is no address that other servers can reach"},
		"any port":      {`id: lab, gossip: "10.0.0.1:1", streams: "10.0.0.1:0", keys: k`, "cluster.streams"},
		"one port":      {`id: lab, gossip: "10.0.0.1:1", streams: "10.0.0.1:1", keys: k`, "tcp port 1 of 10.0.0.1 is already that of cluster.gossip"},
		"seed":          {whole + `, join: [img2]`, "is no address of a server's gossip"},
		"expect":        {whole + `, expect: 1000`, "is not between"},
		"spaced name":   {`id: "a b", gossip: "10.0.0.1:1", streams: "10.0.0.1:2", keys: k`, "cannot be a cluster's name"},
		"unknown thing": {whole + `, sneeds: 1`, "unknown key"},
	} {
		_, problems, _ := Load(write(t, "server: a\ncluster: {"+tc.keys+"}\n"))
		if err := problems.Err(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}
