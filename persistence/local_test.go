package persistence

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/dgraph-io/badger/v4"
)

func TestReopenKeepsAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := openTest(t, dir, Options{})
	must(t, j.Commit(t.Context(), change("b1", 1, 0)))
	must(t, j.Close())
	j = openTest(t, dir, Options{})
	if got := load(t, j, ""); len(got) != 1 || string(got[0].Record) != "state 1" {
		t.Errorf("got %+v", got)
	}
}

func TestFolderRefusals(t *testing.T) {
	t.Parallel()
	used, newer, foreign := t.TempDir(), t.TempDir(), t.TempDir()
	openTest(t, used, Options{})
	must(t, os.WriteFile(filepath.Join(newer, "FORMAT"), []byte("mozpool journal 2\n"), 0o600))
	must(t, os.Mkdir(filepath.Join(foreign, "badger"), 0o700))
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for dir, want := range map[string]string{
		used:    fmt.Sprintf("another mozpool (pid %d) uses folder %s", os.Getpid(), used),
		newer:   `holds "mozpool journal 2", this mozpool reads "mozpool journal 1"`,
		foreign: "not made by this mozpool",
		file:    "make journal folder",
	} {
		if _, err := OpenLocal(dir, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("root may write to a read-only folder; run as a user")
	}
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o500))
	if _, err := OpenLocal(dir, Options{}); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("got %v", err)
	}
}

func TestFullDiskHealsWithoutRestart(t *testing.T) {
	t.Parallel()
	var free atomic.Uint64
	free.Store(1 << 30)
	j := openTest(t, t.TempDir(), Options{freeSpace: func(string) (uint64, error) { return free.Load(), nil }})
	must(t, j.Commit(t.Context(), change("b1", 1, 0)))
	free.Store(1 << 20)
	err := j.Commit(t.Context(), change("b1", 1, 1))
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "disk full") {
		t.Fatalf("got %v", err)
	}
	if got := load(t, j, ""); got[0].Seq != 1 {
		t.Errorf("reads while full: %+v", got)
	}
	free.Store(1 << 30)
	must(t, j.Commit(t.Context(), change("b1", 1, 1)))
}

// A commit that failed after Badger took it: the repeat must be made durable
// by a reopened store before it is answered.
func TestFailedSyncIsUnknownThenHeals(t *testing.T) {
	t.Parallel()
	var fail atomic.Bool
	j := openTest(t, t.TempDir(), Options{commitTxn: func(txn *badger.Txn) error {
		err := txn.Commit()
		if fail.Swap(false) {
			return syscall.EIO
		}
		return err
	}})
	must(t, j.Commit(t.Context(), change("b1", 1, 0)))
	before := j.s.db
	fail.Store(true)
	err := j.Commit(t.Context(), change("b1", 1, 1))
	if !errors.Is(err, ErrUnknown) || !errors.Is(err, syscall.EIO) {
		t.Fatalf("got %v", err)
	}
	must(t, j.Commit(t.Context(), change("b1", 1, 1)))
	if j.s.db == before {
		t.Error("the store was not reopened")
	}
	if got := load(t, j, ""); got[0].Seq != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestContextEndsWhileWriting(t *testing.T) {
	t.Parallel()
	inCommit, goOn := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	j := openTest(t, t.TempDir(), Options{commitTxn: func(txn *badger.Txn) error {
		if once.CompareAndSwap(false, true) {
			close(inCommit)
			<-goOn
		}
		return txn.Commit()
	}})
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error)
	go func() { answer <- j.Commit(ctx, change("b1", 1, 0)) }()
	<-inCommit
	cancel()
	if err := <-answer; !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v", err)
	}
	close(goOn)
	must(t, j.Commit(t.Context(), change("b1", 1, 0)))
}

// What waits behind a disk that stands still is not written once its asker has given up: another change may take its place.
func TestGivenUpInTheQueue(t *testing.T) {
	t.Parallel()
	inCommit, goOn := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	j := openTest(t, t.TempDir(), Options{commitTxn: func(txn *badger.Txn) error {
		if once.CompareAndSwap(false, true) {
			close(inCommit)
			<-goOn
		}
		return txn.Commit()
	}})
	first := make(chan error)
	go func() { first <- j.Commit(t.Context(), change("b1", 1, 0)) }()
	<-inCommit
	ctx, cancel := context.WithCancel(t.Context())
	queued := make(chan error)
	for _, board := range []string{"b2", "b3"} {
		go func() { queued <- j.Commit(ctx, change(board, 1, 0)) }()
	}
	for len(j.s.queue) < 2 {
		runtime.Gosched()
	}
	cancel()
	for range 2 {
		if err := <-queued; !errors.Is(err, ErrUnknown) {
			t.Errorf("got %v", err)
		}
	}
	instead := change("b2", 1, 0)
	instead.Record = []byte("instead")
	go func() { queued <- j.Commit(t.Context(), instead) }()
	close(goOn)
	must(t, <-first)
	must(t, <-queued)
	if got := load(t, j, ""); len(got) != 2 || string(got[1].Record) != "instead" {
		t.Errorf("stored is %+v", got)
	}
}

func TestLargeBatchesAreSplit(t *testing.T) {
	t.Parallel()
	j := openTest(t, t.TempDir(), Options{})
	batch := make([]*request, 12) // 3 MB in one batch: past gather, as if it judged wrongly
	for i := range batch {
		c := change(fmt.Sprintf("b%02d", i), 1, 0)
		c.Inputs = make([]byte, MaxInputs)
		batch[i] = &request{op: commitOp{c}, answer: make(chan error, 1)}
	}
	j.s.writeBatch(batch)
	for _, r := range batch {
		must(t, <-r.answer)
	}
	if got := load(t, j, ""); len(got) != len(batch) {
		t.Errorf("%d of %d stored", len(got), len(batch))
	}
}

const killedFolder = "MOZPOOL_TEST_KILLED_FOLDER"

// TestKilledChild is the child of TestKillLosesNothing: it commits for ever
// and prints what was acknowledged.
func TestKilledChild(t *testing.T) {
	dir := os.Getenv(killedFolder)
	if dir == "" {
		t.Skip("runs only as a child of TestKillLosesNothing")
	}
	j := openTest(t, dir, Options{})
	start := map[string]uint64{}
	for _, s := range load(t, j, "") {
		start[s.Board] = s.Seq
	}
	for n := range 8 {
		board := fmt.Sprintf("b%d", n)
		go func() {
			for seq := start[board]; ; seq++ {
				if err := j.Commit(context.Background(), change(board, 1, seq)); err != nil {
					panic(err)
				}
				fmt.Printf("ack %s %d\n", board, seq+1)
			}
		}()
	}
	select {}
}

func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	acked := map[string]uint64{}
	for round := range 3 {
		runAndKill(t, dir, 200+177*round, acked)
		j := openTest(t, dir, Options{})
		stored := map[string]uint64{}
		for _, s := range load(t, j, "") {
			stored[s.Board] = s.Seq
		}
		for board, seq := range acked {
			if stored[board] < seq {
				t.Errorf("round %d: %s was acknowledged at %d, stored is %d", round, board, seq, stored[board])
			}
		}
		must(t, j.Close())
	}
}

// runAndKill kills the child after so many acknowledgements and reads out the rest.
func runAndKill(t *testing.T, dir string, after int, acked map[string]uint64) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestKilledChild$", "-test.timeout=60s")
	child.Env = append(os.Environ(), killedFolder+"="+dir)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	count := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) != 3 || words[0] != "ack" {
			continue
		}
		seq, err := strconv.ParseUint(words[2], 10, 64)
		must(t, err)
		acked[words[1]] = seq
		if count++; count == after {
			must(t, child.Process.Kill())
		}
	}
	if err := child.Wait(); err == nil || count < after {
		t.Fatalf("child ended after %d acknowledgements: %v", count, err)
	}
}
