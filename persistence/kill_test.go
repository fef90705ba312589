package persistence

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

const envWriter = "MOZPOOL_TEST_LOG_WRITER"

// TestKilledWriter is the child of TestKilledProcessLosesOneSecond: it writes
// numbered lines for ever and says which, and when.
func TestKilledWriter(t *testing.T) {
	dir := os.Getenv(envWriter)
	if dir == "" {
		t.Skip("runs only as a child of TestKilledProcessLosesOneSecond")
	}
	l, err := OpenLogs(dir, LogOptions{SegmentBytes: 64 << 10, BoardRate: 1 << 30, BoardBurst: 1 << 30})
	must(t, err)
	tick := time.NewTicker(2 * time.Millisecond) // what the buffer holds easily
	for i := 0; ; i += 10 {
		<-tick.C
		for n := range 10 {
			l.Append(Line{Board: fmt.Sprint("b", n), Text: fmt.Sprint(i)})
		}
		fmt.Println(i, time.Now().UnixNano())
	}
}

// TestKilledProcessLosesOneSecond: kill -9 in mid-stream. Every line older
// than a second is found again, by board, in order, whole. A second is counted
// from the last word of the process, and longer by the longest time in which
// the machine did not let it speak.
func TestKilledProcessLosesOneSecond(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writer := exec.Command(os.Args[0], "-test.run", "^TestKilledWriter$")
	writer.Env = append(os.Environ(), envWriter+"="+dir)
	out, err := writer.StdoutPipe()
	must(t, err)
	writer.Stderr = os.Stderr
	must(t, writer.Start())
	said, stall := heard(t, out, func() { must(t, writer.Process.Kill()) })
	_ = writer.Wait() // it was killed
	l := openLogs(t, dir, LogOptions{})
	for n := range 10 {
		lines, err := l.Query(t.Context(), Filter{Board: fmt.Sprint("b", n)})
		must(t, err)
		for i, line := range lines {
			if line.Text != fmt.Sprint(i*10) {
				t.Fatalf("line %d of board b%d is %q", i, n, line.Text)
			}
		}
		lost := said[min(len(lines), len(said)):]
		if len(lost) > 0 && said[len(said)-1].Sub(lost[0]) > time.Second+2*stall {
			t.Errorf("board b%d lost %d lines, the oldest of %s before the end; stalls of %s", n, len(lost), said[len(said)-1].Sub(lost[0]), stall)
		}
	}
}

// heard reads when each line was written, calls kill once there are two
// seconds of them, and reads on to the end. stall is the longest gap.
func heard(t *testing.T, out io.Reader, kill func()) (said []time.Time, stall time.Duration) {
	t.Helper()
	killed := false
	for in := bufio.NewScanner(out); in.Scan(); {
		var i, nanos int64
		if n, _ := fmt.Sscan(in.Text(), &i, &nanos); n < 2 {
			break // cut off by the kill
		}
		said = append(said, time.Unix(0, nanos))
		if n := len(said); n > 1 {
			stall = max(stall, said[n-1].Sub(said[n-2]))
		}
		if !killed && said[len(said)-1].Sub(said[0]) > 2*time.Second {
			killed = true
			kill()
		}
	}
	if !killed {
		t.Fatal("the writer ended by itself")
	}
	return said, stall
}
