package actors

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence"
)

// benchFleet is a fleet of n boards on a journal in a folder of its own.
func benchFleet(b *testing.B, journal persistence.Journal) *Fleet {
	b.Helper()
	return New(Config{Journal: journal, Planner: plans{}, Power: newRail(), Racks: map[string]RackRules{"r1": {BootsAtOnce: 1 << 20}},
		Probe: func(context.Context, netip.Addr, Check) error { return nil }})
}

// heap is what lives on the heap, in bytes.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// stored fills a journal with n boards, each working under a limit.
func stored(b *testing.B, journal persistence.Journal, n int) {
	b.Helper()
	now := time.Now()
	r := board.Step(board.NewBoard(now), board.Input{Kind: board.Wish, Want: board.WantImage, Image: "v2", By: "bench", Now: now, Place: true, Fresh: fresh()})
	r = board.Step(r.Board, board.Input{Kind: board.PowerIsOff, Visit: r.Board.Visit, Now: now, Place: true})
	r = board.Step(r.Board, board.Input{Kind: board.PowerIsOn, Visit: r.Board.Visit, Now: now, Place: true})
	record := encode(r.Board)
	slots := make(chan struct{}, 512)
	for i := range n {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			if err := journal.Commit(b.Context(), persistence.Change{Board: fmt.Sprintf("board%d", i+1), Epoch: 1, Record: record}); err != nil {
				b.Error(err)
			}
		}()
	}
	for range cap(slots) {
		slots <- struct{}{}
	}
}

// BenchmarkRestart takes up 100,000 boards that were booting: the time until the first can be read, and until all
// limits are armed. Aims: 3 s each.
func BenchmarkRestart(b *testing.B) {
	const n = 100_000
	dir := b.TempDir()
	journal, err := persistence.OpenLocal(dir, persistence.Options{})
	if err != nil {
		b.Fatal(err)
	}
	stored(b, journal, n)
	if err := journal.Close(); err != nil {
		b.Fatal(err)
	}
	list := specs(n)
	for b.Loop() {
		began := time.Now()
		journal, err := persistence.OpenLocal(dir, persistence.Options{})
		if err != nil {
			b.Fatal(err)
		}
		f := benchFleet(b, journal)
		if err := f.Load(b.Context(), list); err != nil {
			b.Fatal(err)
		}
		if f.ByName("board1").Board.State != board.Booting {
			b.Fatal("the first board cannot be read")
		}
		read := time.Since(began)
		for !allArmed(f) {
			runtime.Gosched()
		}
		b.ReportMetric(read.Seconds(), "s-to-first-read")
		b.ReportMetric(time.Since(began).Seconds(), "s-to-all-limits")
		b.StopTimer()
		f.Stop()
		if err := journal.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// allArmed says whether every actor has woken: a resume gives each board a new deadline, with its free try.
func allArmed(f *Fleet) bool {
	for _, v := range f.Views() {
		if !v.Board.Free {
			return false
		}
	}
	return true
}

// BenchmarkIdleBoard measures what a board at rest costs in memory. Aim: 4 KB.
func BenchmarkIdleBoard(b *testing.B) {
	const n = 20_000
	for b.Loop() {
		journal := persistence.NewMemory()
		list := specs(n)
		before := heap()
		f := New(Config{Journal: journal, Planner: plans{}, Power: newRail()})
		if err := f.Load(b.Context(), list); err != nil {
			b.Fatal(err)
		}
		for f.ByName(fmt.Sprintf("board%d", n)).Seq == 0 {
			runtime.Gosched()
		}
		held := heap()
		b.ReportMetric(float64(held-before)/n, "B/board")
		f.Stop()
	}
}

// BenchmarkTransitions drives boards through their power cycles with real actors and a real journal: durable
// transitions a second. The ratio to one sync a transition is in package persistence.
func BenchmarkTransitions(b *testing.B) {
	const n = 1000
	journal, err := persistence.OpenLocal(b.TempDir(), persistence.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = journal.Close() }()
	f := benchFleet(b, journal)
	if err := f.Load(b.Context(), specs(n)); err != nil {
		b.Fatal(err)
	}
	defer f.Stop()
	i := 0
	done := make(chan error, n)
	for b.Loop() {
		name := fmt.Sprintf("board%d", i%n+1)
		i++
		go func() {
			_, err := f.Do(b.Context(), name, Order{Kind: board.Remark, Text: "looked at"})
			done <- err
		}()
		if i%n == 0 {
			for range n {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	for range i % n {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}
