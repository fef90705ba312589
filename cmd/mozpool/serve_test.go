package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mozpool/cmd/mozpool/server/servertest"
)

// TestServeTellsItsManager: ready once every socket is bound, alive as long as the API answers, and the end. A crash
// of the process before gets its events.
func TestServeTellsItsManager(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	config := write("mozpool.yaml", servertest.Small)
	write("data/crashes/crash.txt", "mozpool v1\npanic: bitten\n")
	socket := filepath.Join(dir, "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = manager.Close() }()
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "400000")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- (&serveCommand{Config: config, Level: slog.LevelError + 1, Profiles: "127.0.0.1:0"}).Run(ctx)
	}()
	for _, want := range []string{"READY=1\nSTATUS=ready api=http://", "WATCHDOG=1", "WATCHDOG=1"} {
		if got := heardBy(t, manager); !strings.HasPrefix(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	stop()
	for heardBy(t, manager) != "STOPPING=1" { // what was under way comes first
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	reports, _ := filepath.Glob(filepath.Join(dir, "data/crashes/*"))
	if len(reports) != 1 {
		t.Fatalf("crash reports %v", reports)
	}
	data, err := os.ReadFile(reports[0])
	if err != nil || !strings.Contains(string(data), "panic: bitten\n\nThe last events before it:\n") {
		t.Errorf("%v %s", err, data)
	}
}

func heardBy(t *testing.T, manager *net.UnixConn) string {
	t.Helper()
	buf := make([]byte, 1000)
	if err := manager.SetReadDeadline(time.Now().Add(60 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := manager.Read(buf)
	if err != nil {
		t.Fatalf("the manager is told nothing: %v", err)
	}
	return string(buf[:n])
}

// TestProfilesElsewhereAreRefused: with the exit code of usage, and the server is let go of.
func TestProfilesElsewhereAreRefused(t *testing.T) {
	config := filepath.Join(t.TempDir(), "mozpool.yaml")
	if err := os.WriteFile(config, []byte(servertest.Small), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds the folder free
		err := (&serveCommand{Config: config, Level: slog.LevelError + 1, Profiles: "0.0.0.0:6060"}).Run(t.Context())
		if exitCode(err) != exitUsage || !strings.Contains(err.Error(), "loopback") {
			t.Errorf("%v, exit code %d", err, exitCode(err))
		}
	}
}

// TestToggle: one signal tells everything, the next one as much as before.
func TestToggle(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var level slog.LevelVar
	level.Set(slog.LevelWarn)
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: &level}))
	for _, want := range []slog.Level{slog.LevelDebug, slog.LevelWarn, slog.LevelDebug} {
		out.Reset()
		toggle(&level, slog.LevelWarn, log)
		if level.Level() != want || !strings.Contains(out.String(), "level="+want.String()+"\n") {
			t.Errorf("level %s, want %s; said %q", level.Level(), want, &out)
		}
	}
}
