package persistence

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// BenchmarkCommit compares one synced transaction a change with group
// commit in the same run; the ratio is what counts (at least 10).
func BenchmarkCommit(b *testing.B) {
	j := openTest(b, b.TempDir(), Options{})
	const writers, each = 2000, 10
	prev := uint64(0)
	for b.Loop() {
		start := time.Now()
		for range writers {
			must(b, j.Commit(b.Context(), benchChange("single", prev)))
			prev++
		}
		single := time.Since(start) / writers
		start = time.Now()
		commitTogether(b, j, writers, each)
		batched := time.Since(start) / (writers * each)
		b.ReportMetric(float64(single)/float64(batched), "ratio")
		b.ReportMetric(float64(time.Second/batched), "batched/s")
		b.ReportMetric(float64(time.Second/single), "single/s")
	}
}

func commitTogether(b *testing.B, j Journal, writers, each int) {
	first := map[string]uint64{}
	for _, s := range load(b, j, "w") {
		first[s.Board] = s.Seq
	}
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			board := fmt.Sprint("w", w)
			for i := range uint64(each) {
				if err := j.Commit(b.Context(), benchChange(board, first[board]+i)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func benchChange(board string, prev uint64) Change {
	return Change{Board: board, Epoch: 1, PrevSeq: prev, Record: make([]byte, 600), Event: make([]byte, 100)}
}

// BenchmarkLoad is a restart with 100,000 boards (at most 3 s to the first read).
func BenchmarkLoad(b *testing.B) {
	dir := b.TempDir()
	j := openTest(b, dir, Options{})
	commitTogether(b, j, 100_000, 1)
	must(b, j.Close())
	for b.Loop() {
		j := openTest(b, dir, Options{})
		if got := len(load(b, j, "")); got != 100_000 {
			b.Fatalf("loaded %d", got)
		}
		must(b, j.Close())
	}
}

// BenchmarkAppend is the intake of lines, written and synced.
func BenchmarkAppend(b *testing.B) {
	l := openLogs(b, b.TempDir(), LogOptions{BoardRate: 1 << 30, BoardBurst: 1 << 30})
	line := Line{Source: "syslog", Severity: 6, Text: "kernel: mmcblk0: p1 p2 and some more words as boards say them"}
	for i := 0; b.Loop(); i++ {
		line.Board = fmt.Sprint("board", i%1000)
		l.Append(line)
		if i%20000 == 19999 {
			must(b, l.Sync())
		}
	}
	b.ReportMetric(float64(l.Dropped()), "dropped")
}

// BenchmarkTail reads the last 1,000 lines of one board among 1,000 in a store
// of MOZPOOL_BENCH_LINES lines (default 1.2 million), and opens that store. At
// most 50 ms are wanted with 100 million, which take 9 GB of disk.
func BenchmarkTail(b *testing.B) {
	lines := 1_200_000
	if n, err := strconv.Atoi(os.Getenv("MOZPOOL_BENCH_LINES")); err == nil {
		lines = n
	}
	dir := b.TempDir()
	opt := LogOptions{MaxBytes: 1 << 40, MaxBoardBytes: 1 << 40, BoardRate: 1 << 30, BoardBurst: 1 << 30}
	l := openLogs(b, dir, opt)
	for i := range lines {
		l.Append(Line{Board: fmt.Sprint("board", i%1000), Source: "syslog", Text: "some words as boards say them, about mmcblk0 and others"})
		if i%20000 == 0 {
			must(b, l.Sync())
		}
	}
	must(b, l.Close())
	start := time.Now()
	l = openLogs(b, dir, opt)
	opened := time.Since(start)
	for b.Loop() {
		got, err := l.Query(b.Context(), Filter{Board: "board7", Tail: 1000})
		if err != nil || len(got) != 1000 {
			b.Fatalf("%d lines, %v", len(got), err)
		}
	}
	b.ReportMetric(opened.Seconds()*1000, "open-ms")
	b.ReportMetric(float64(heapMiB()), "heap-MiB")
	runtime.KeepAlive(l)
}

func heapMiB() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc >> 20
}
