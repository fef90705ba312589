package replica

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/raft"
)

func entries(first, last uint64, term uint64) (logs []*raft.Log) {
	for i := first; i <= last; i++ {
		logs = append(logs, &raft.Log{Index: i, Term: term, Type: raft.LogCommand, Data: fmt.Appendf(nil, "%d of %d", i, term)})
	}
	return logs
}

// holds checks that a log has exactly these entries, and the vote.
func holds(t *testing.T, dir string, want ...[]*raft.Log) {
	t.Helper()
	s, err := openStores(dir, slog.New(slog.DiscardHandler))
	must(t, err)
	defer func() { must(t, s.close()) }()
	last := uint64(0)
	for _, part := range want {
		for _, l := range part {
			var got raft.Log
			if err := s.wal.GetLog(l.Index, &got); err != nil || got.Term != l.Term || string(got.Data) != string(l.Data) {
				t.Fatalf("entry %d is %d %q, %v; want %d %q", l.Index, got.Term, got.Data, err, l.Term, l.Data)
			}
			last = l.Index
		}
	}
	if got, err := s.wal.LastIndex(); err != nil || got != last {
		t.Errorf("it ends with %d, %v; want %d", got, err, last)
	}
	if vote, err := s.wal.Get([]byte("LastVoteCand")); err != nil || string(vote) != "s2" {
		t.Errorf("voted for %q, %v", vote, err)
	}
}

// A log whose end was cut, more than once, can be read after a restart, with
// whatever came after and the vote; a crash amid the mending loses nothing.
func TestACutLogIsMended(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := openStores(dir, slog.New(slog.DiscardHandler))
	must(t, err)
	must(t, s.wal.Set([]byte("LastVoteCand"), []byte("s2")))
	must(t, s.wal.SetUint64([]byte("CurrentTerm"), 7))
	must(t, s.wal.StoreLogs(entries(1, 200, 1)))
	must(t, s.wal.DeleteRange(1, 20))
	must(t, s.wal.DeleteRange(151, 200))
	must(t, s.wal.StoreLogs(entries(151, 170, 2)))
	must(t, s.wal.DeleteRange(161, 170))
	must(t, s.wal.StoreLogs(entries(161, 165, 3)))
	must(t, s.close())
	want := [][]*raft.Log{entries(21, 150, 1), entries(151, 160, 2), entries(161, 165, 3)}
	holds(t, dir, want...)
	holds(t, dir, want...) // and again, without mending
	path := filepath.Join(dir, "wal")
	must(t, os.Rename(path, path+".new")) // as a crash between the renames leaves it
	must(t, os.Mkdir(path+".old", 0o750))
	holds(t, dir, want...)
	for _, left := range []string{path + ".new", path + ".old"} {
		if _, err := os.Stat(left); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", left, err)
		}
	}
}
