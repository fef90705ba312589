package actors

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/persistence"
	"mozpool/persistence/trail"
)

// BenchmarkMixedLoad has 10,000 boards on one server with a real journal. An iteration is one board that gets an image
// from wish to ready, with eight reports of progress, a comment, and a look at all boards now and then; 256 boards work
// at a time. With details of attempts kept and without: keeping them must not slow commits. The relays' rests are a
// hundredth of real ones, limits are not reached.
func BenchmarkMixedLoad(b *testing.B) {
	for _, kept := range []bool{false, true} {
		b.Run(fmt.Sprintf("details=%v", kept), func(b *testing.B) { mixedLoad(b, kept) })
	}
}

func mixedLoad(b *testing.B, kept bool) {
	const n, walkers = 10_000, 256
	f, end := mixedFleet(b, kept)
	defer end()
	if err := f.Load(b.Context(), specs(n)); err != nil {
		b.Fatal(err)
	}
	var turn atomic.Int64
	turns := make(chan string)
	done := make(chan error, walkers)
	for range walkers {
		go func() {
			for name := range turns {
				if err := mixedAttempt(b.Context(), f, name); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for b.Loop() {
		i := turn.Add(1)
		select {
		case turns <- fmt.Sprintf("board%d", (i*15)%n+1): // of another relay board than the one before
		case err := <-done:
			b.Fatal(err)
		}
		if i%64 == 0 {
			_ = f.Views()
		}
	}
	close(turns)
	for range walkers {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
}

// mixedFleet is a fleet on a disk, with or without details of attempts.
func mixedFleet(b *testing.B, kept bool) (*Fleet, func()) {
	b.Helper()
	dir := b.TempDir()
	journal, err := persistence.OpenLocal(filepath.Join(dir, "journal"), persistence.Options{})
	if err != nil {
		b.Fatal(err)
	}
	hours := make(map[board.State]time.Duration)
	for _, s := range board.States() {
		if s.Working() {
			hours[s] = 1000 * time.Hour
		}
	}
	cfg := Config{Journal: journal, Planner: patient{plans{check: Check{Kind: board.VerifyTCP}}, hours}, Power: newRail(), Speed: 100,
		Racks: map[string]RackRules{"r1": {BootsAtOnce: 1 << 20}}, Probe: func(context.Context, netip.Addr, Check) error { return nil }}
	var trails *trail.Trails
	if kept {
		if trails, err = trail.Open(filepath.Join(dir, "attempts"), nil); err != nil {
			b.Fatal(err)
		}
		cfg.Trails = trails
	}
	f := New(cfg)
	return f, func() {
		f.Stop()
		if trails != nil {
			if err := trails.Close(); err != nil || trails.Lost() > 0 {
				b.Errorf("%d lines lost, %v", trails.Lost(), err)
			}
		}
		if err := journal.Close(); err != nil {
			b.Error(err)
		}
	}
}

// patient pins limits that no benchmark reaches.
type patient struct {
	plans
	limits map[board.State]time.Duration
}

func (p patient) Plan(ctx context.Context, spec inventory.Spec, want board.Want, image string, config map[string]string) (*Inputs, error) {
	in, err := p.plans.Plan(ctx, spec, want, image, config)
	if err == nil {
		in.Limits = p.limits
	}
	return in, err
}

// mixedAttempt plays one board from wish to ready.
func mixedAttempt(ctx context.Context, f *Fleet, name string) error {
	if _, err := f.Wish(ctx, name, Request{Want: board.WantImage, Image: "v2", By: "bench"}); err != nil {
		return err
	}
	for f.ByName(name).Board.State != board.Booting {
		time.Sleep(time.Millisecond)
	}
	v := f.ByName(name)
	for _, k := range []board.Kind{board.StageRead, board.Downloads, board.Writes, board.Rebooting} {
		if _, err := f.Ask(ctx, v.Spec.ID, Evidence{Input: board.Input{Kind: k, Token: v.Board.Token, Good: true}}); err != nil {
			return err
		}
		for done := range int64(2) {
			f.Report(v.Spec.ID, v.Board.Token, Progress{Artifact: "disk", Done: done + 1, Total: 2})
		}
	}
	if _, err := f.Do(ctx, name, Order{Kind: board.Remark, Text: "looked at"}); err != nil {
		return err
	}
	f.Tell(v.Spec.ID, Evidence{Input: board.Input{Kind: board.LoaderAsked}, From: netip.MustParseAddrPort("10.0.0.7:2000")})
	for f.ByName(name).Board.State != board.Ready {
		time.Sleep(time.Millisecond)
	}
	return nil
}
