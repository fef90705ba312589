package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"mozpool/cluster/member"
	"mozpool/cmd/mozpool/config"
	"mozpool/persistence/replica"
)

// clusterFiles are the verbs of "mozpool cluster" that work on files, not on a server.
type clusterFiles struct {
	Certs   clusterCerts   `cmd:"" help:"Make the keys of a cluster's servers: a small authority, and a folder a server."`
	Recover clusterRecover `cmd:"" help:"Go on alone with this server's folder, when most voting servers are lost for good. Stop the server first."`
}

// clusterCerts is "mozpool cluster certs".
type clusterCerts struct {
	Servers []string `arg:"" help:"Names of the servers, as in their files' server."`
	Dir     string   `required:"" placeholder:"DIR" help:"Folder for the authority and a folder a server; what is there already is kept and used."`
	ID      string   `default:"mozpool" placeholder:"NAME" help:"The cluster's id, for the authority's name."`
}

// Run makes what is missing.
func (c *clusterCerts) Run() error {
	made, err := member.MakeIdentities(c.Dir, c.ID, c.Servers)
	if err != nil {
		return err
	}
	for _, dir := range made {
		if _, err := fmt.Println(dir); err != nil {
			return err
		}
	}
	_, err = fmt.Printf("Copy each folder to its server and name it as cluster.keys. Keep %s off the servers: it makes further ones.\n",
		filepath.Join(c.Dir, member.FileAuthorityKey))
	return err
}

// clusterRecover is "mozpool cluster recover".
type clusterRecover struct {
	Config string `default:"mozpool.yaml" placeholder:"FILE" help:"Configuration of the server."`
	Force  bool   `help:"Do it. What only the lost servers had is gone for good."`
}

// Run makes the folder a group of one.
func (c *clusterRecover) Run() error {
	cfg, problems, _ := config.Load(c.Config, config.FromEnvironment(os.Getenv))
	if err := problems.Err(); err != nil {
		return usageError{err}
	}
	if !c.Force {
		return usageError{errors.New("what only the lost servers had is gone for good, and they must never start again with their folders; if so: --force")}
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	dir := filepath.Join(cfg.Data, "journal")
	if err := replica.Recover(dir, replica.Options{Node: cfg.Server, Cluster: cfg.Cluster.ID, Logger: log}); err != nil {
		return err
	}
	_, err := fmt.Printf("%s goes on alone. Start it, free the names of the lost servers with mozpool cluster remove, and let new ones join with empty folders.\n", cfg.Server)
	return err
}
