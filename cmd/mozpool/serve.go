package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"mozpool/cmd/mozpool/config"
	"mozpool/cmd/mozpool/running"
	"mozpool/cmd/mozpool/server"
)

// stopLimit bounds an orderly end.
const stopLimit = 10 * time.Second

// serveCommand is "mozpool serve".
type serveCommand struct {
	Config   string     `default:"mozpool.yaml" placeholder:"FILE" help:"mozpool.yaml, unless told otherwise; see: mozpool config default."`
	Name     string     `placeholder:"NAME" help:"Name of this server, over the file's server."`
	Data     string     `placeholder:"DIR" help:"Over the file's data."`
	Files    string     `placeholder:"DIR" help:"Over the file's files."`
	Listen   string     `placeholder:"HOST:PORT" help:"Over the file's api.listen."`
	Level    slog.Level `default:"INFO" help:"Least severity that is logged: DEBUG, INFO, WARN, ERROR. SIGUSR1 switches to DEBUG and back."`
	Profiles string     `placeholder:"HOST:PORT" help:"Loopback address for go tool pprof; where tokens are asked for, for administrators only."`
	Speed    float64    `default:"1" hidden:"" help:"Divides every time of the boards' lives; for simulated racks, as mozpool demo runs them."`
}

// Run serves until a signal.
func (c *serveCommand) Run(ctx context.Context) error {
	cfg, remarks, err := loadConfig(c.Config, config.Overrides{Server: c.Name, Data: c.Data, Files: c.Files, APIListen: c.Listen})
	if err != nil {
		return err
	}
	var level slog.LevelVar
	level.Set(c.Level)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: &level}))
	for _, r := range remarks {
		log.Info("remark", "text", string(r))
	}
	clock, err := testClock()
	if err != nil {
		return usageError{err}
	}
	s, err := server.Open(ctx, cfg, server.Options{Logger: log, Level: &level, Clock: clock, Stall: testStall(), Version: version, Commit: commit, Speed: c.Speed})
	if err != nil {
		return err
	}
	defer onSignal(syscall.SIGHUP, func() { _ = s.Reload(ctx) })() // the server logs what came of it
	defer onSignal(syscall.SIGUSR1, func() { toggle(&level, c.Level, log) })()
	w := watched{server: s, log: log, notify: running.FromEnvironment(os.Getenv)}
	return w.run(ctx, c.Profiles)
}

// toggle makes the log tell everything, or as much as at the start again.
func toggle(level *slog.LevelVar, start slog.Level, log *slog.Logger) {
	if level.Level() == slog.LevelDebug {
		level.Set(start)
	} else {
		level.Set(slog.LevelDebug)
	}
	log.Log(context.Background(), max(start, slog.LevelInfo), "the log's level was changed", "level", level.Level())
}

// onSignal calls do at each such signal, until the returned function is called.
func onSignal(sig os.Signal, do func()) func() {
	got := make(chan os.Signal, 1)
	signal.Notify(got, sig)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-got:
				do()
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(got)
		close(done)
	}
}

// bounded runs until run returns, or until stopLimit after ctx has ended or run is stopping by itself.
func bounded(ctx context.Context, stopping <-chan struct{}, run func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- run() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	case <-stopping:
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(stopLimit):
		return errors.New("did not stop in order within " + stopLimit.String() + "; what is committed is safe")
	}
}

// envClock shifts the wall clock of a server under test, such as -1h. The machine's clock is never set.
const envClock = "MOZPOOL_TEST_CLOCK_OFFSET"

// envStuck names a file: while it is there, a cluster's server under test writes nothing to its journal's disk, as on one
// that is stuck.
const envStuck = "MOZPOOL_TEST_STUCK_DISK"

// testStall waits while the file is there; nil: there is none to wait for.
func testStall() func() {
	path := os.Getenv(envStuck)
	if path == "" {
		return nil
	}
	return func() {
		for {
			if _, err := os.Stat(path); err != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func testClock() (func() time.Time, error) {
	text := os.Getenv(envClock)
	if text == "" {
		return nil, nil
	}
	offset, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", envClock, err)
	}
	return func() time.Time { return time.Now().Add(offset) }, nil
}
