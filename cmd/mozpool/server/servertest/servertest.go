// Package servertest starts real servers for tests of what is around them.
//
// It decides that they are small, on free ports of loopback, and end with the test. It refuses to pretend anything: package
// httpapi/apitest has a pretended server. Called by tests of the command line, of packages and of the doctor.
package servertest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"mozpool/cmd/mozpool/config"
	"mozpool/cmd/mozpool/server"
)

// Small is the configuration of a server with one rack and no boards. Keys may stand before it, a line each.
const Small = "data: data\nfiles: files\napi: {listen: \"127.0.0.1:0\"}\nracks: {r1: {listen: 127.0.0.1, ports: {http: 0, tftp: 0, syslog: 0}}}\n"

// Open opens a server with this configuration, which is written to dir; whoever opens it closes or runs it.
func Open(t *testing.T, dir, text string) *server.Server {
	t.Helper()
	path := filepath.Join(dir, "mozpool.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, problems, _ := config.Load(path)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	s, err := server.Open(t.Context(), cfg, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Run opens a server that runs until the test ends.
func Run(t *testing.T, dir, text string) *server.Server {
	t.Helper()
	s := Open(t, dir, text)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}
