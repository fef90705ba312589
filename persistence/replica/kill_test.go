package replica

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

const killedFolder = "MOZPOOL_TEST_KILLED_REPLICA"

// TestKilledChild is the child of TestKillLosesNothing: it commits for ever,
// makes snapshots all the time, and prints what was acknowledged.
func TestKilledChild(t *testing.T) {
	dir := os.Getenv(killedFolder)
	if dir == "" {
		t.Skip("runs only as a child of TestKillLosesNothing")
	}
	r := openTest(t, dir, Options{SnapshotBytes: 8 << 10})
	start := load(t, r)
	for n := range 8 {
		board := fmt.Sprintf("b%d", n)
		go func() {
			for seq := start[board].Seq; ; seq++ {
				if err := r.Commit(context.Background(), change(board, 1, seq)); err != nil {
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
		runAndKill(t, dir, 150+177*round, acked)
		r := openTest(t, dir, Options{})
		stored := load(t, r)
		for board, seq := range acked {
			if stored[board].Seq < seq {
				t.Errorf("round %d: %s was acknowledged at %d, stored is %d", round, board, seq, stored[board].Seq)
			}
		}
		must(t, r.Close())
	}
}

// runAndKill kills the child after so many acknowledgements and reads out the rest.
func runAndKill(t *testing.T, dir string, after int, acked map[string]uint64) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestKilledChild$", "-test.timeout=120s")
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
