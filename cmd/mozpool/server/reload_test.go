package server

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"mozpool/actors"
	"mozpool/cmd/mozpool/config"
)

// TestReloadEmpty: a boards file that is suddenly empty or gone takes no board away.
func TestReloadEmpty(t *testing.T) {
	dir := t.TempDir()
	boards := filepath.Join(dir, "boards.yaml")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(boards, "boards:\n- {name: board1, mac: \"52:54:00:01:00:01\", rack: r1, hardware: panda}\n")
	path := filepath.Join(dir, "mozpool.yaml")
	write(path, "data: data\nfiles: files\napi: {listen: \"127.0.0.1:0\"}\nracks: {r1: {listen: 127.0.0.1, ports: {http: 0, tftp: 0, syslog: 0}}}\n")
	cfg, problems, _ := config.Load(path)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	for name, spoil := range map[string]func(){"empty": func() { write(boards, "") }, "gone": func() { _ = os.Remove(boards) }} {
		spoil()
		var p *actors.Problem
		if err := s.Reload(t.Context()); !errors.As(err, &p) || p.Kind != actors.Refused || p.Remedy == "" {
			t.Errorf("%s: %v", name, err)
		}
		if s.Fleet().ByName("board1") == nil {
			t.Fatalf("%s: the board is gone", name)
		}
	}
}
