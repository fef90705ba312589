package replica

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/metadb"
)

// stores are what raft keeps beside the state: its log, its vote, snapshots.
type stores struct {
	wal   *wal.WAL
	meta  *metadb.BoltMetaDB // which wal uses, but does not close
	cache *raft.LogCache
	snaps *raft.FileSnapshotStore
}

func openStores(dir string, log *slog.Logger) (*stores, error) {
	walDir := filepath.Join(dir, "wal")
	if err := mendWAL(walDir, log); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(walDir, 0o750); err != nil {
		return nil, err
	}
	s := &stores{meta: &metadb.BoltMetaDB{}}
	var err error
	s.wal, err = wal.Open(walDir, wal.WithMetaStore(s.meta), wal.WithLogger(hcLogger(log)), wal.WithSegmentSize(segmentBytes))
	if err != nil {
		return nil, errors.Join(err, s.meta.Close())
	}
	s.snaps, err = raft.NewFileSnapshotStoreWithLogger(dir, 1, hcLogger(log))
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.cache, err = raft.NewLogCache(512, s.wal)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *stores) close() error { return errors.Join(s.wal.Close(), s.meta.Close()) }

// hasSnapshot reports whether there is one to restore from.
func (s *stores) hasSnapshot() (bool, error) {
	list, err := s.snaps.List()
	return len(list) > 0, err
}

// hcLogger hands raft's warnings and errors to slog.
func hcLogger(log *slog.Logger) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{
		Name: "raft", Level: hclog.Warn, Output: lines{log}, DisableTime: true,
	})
}

type lines struct{ log *slog.Logger }

// Write implements io.Writer; hclog writes one line a call.
func (l lines) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	if rest, bad := strings.CutPrefix(text, "[ERROR]"); bad {
		l.log.Error(strings.TrimSpace(rest))
	} else {
		l.log.Warn(strings.TrimSpace(strings.TrimPrefix(text, "[WARN]")))
	}
	return len(line), nil
}
