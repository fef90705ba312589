package replica

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// segmentBytes is the size of the log's files.
const segmentBytes = 16 << 20

// stableKeys are what raft keeps beside its log: its term and its vote.
var stableKeys = []string{"CurrentTerm", "LastVoteTerm", "LastVoteCand"}

// mendWAL makes a log readable that a server cut the end off, as every server
// does that has entries of a leader that lost its majority. raft-wal v0.4.0
// then closes the file in use without the index that it is read by, which is
// noticed only at the next start: "sealed segment has no index block". The
// entries are all there, so they are written anew, beside, and put in place.
func mendWAL(dir string, log *slog.Logger) error {
	fresh, old := dir+".new", dir+".old"
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat(old); err != nil {
			return nil // there is no log yet
		}
		if err := os.Rename(fresh, dir); err != nil { // a crash between the two renames below
			return fmt.Errorf("put the mended log in place: %w", err)
		}
	}
	if err := errors.Join(os.RemoveAll(fresh), os.RemoveAll(old)); err != nil {
		return fmt.Errorf("remove what was left of mending the log: %w", err)
	}
	meta := &metadb.BoltMetaDB{}
	state, err := meta.Load(dir)
	if err != nil {
		return fmt.Errorf("read which files the log has: %w", err)
	}
	defer func() { _ = meta.Close() }() // only read
	torn := func(s types.SegmentInfo) bool { return !s.SealTime.IsZero() && s.IndexStart == 0 }
	if !slices.ContainsFunc(state.Segments, torn) {
		return nil
	}
	log.Warn("journal: the log was cut and its files lack an index; they are written anew", "folder", dir)
	if err := rewrite(dir, fresh, meta, state, log); err != nil {
		return fmt.Errorf("write the log anew: %w", err)
	}
	if err := errors.Join(os.Rename(dir, old), os.Rename(fresh, dir), syncDir(filepath.Dir(dir))); err != nil {
		return fmt.Errorf("put the mended log in place: %w", err)
	}
	return os.RemoveAll(old)
}

// rewrite copies what counts of a log into a new one, synced.
func rewrite(from, to string, meta *metadb.BoltMetaDB, state types.PersistentState, log *slog.Logger) (err error) {
	if err := os.MkdirAll(to, 0o750); err != nil {
		return err
	}
	m := &metadb.BoltMetaDB{}
	w, err := wal.Open(to, wal.WithMetaStore(m), wal.WithLogger(hcLogger(log)), wal.WithSegmentSize(segmentBytes))
	if err != nil {
		return errors.Join(err, m.Close())
	}
	defer func() { err = errors.Join(err, w.Close(), m.Close()) }()
	for _, key := range stableKeys {
		value, err := meta.GetStable([]byte(key))
		if err != nil {
			return fmt.Errorf("read %s: %w", key, err)
		}
		if value == nil {
			continue
		}
		if err := w.Set([]byte(key), value); err != nil {
			return fmt.Errorf("write %s: %w", key, err)
		}
	}
	files := segment.NewFiler(from, fs.New())
	for _, s := range state.Segments {
		if err := copySegment(files, s, w); err != nil {
			return fmt.Errorf("file of entry %d: %w", s.BaseIndex, err)
		}
	}
	return nil
}

// copyBatch is how many entries share a sync.
const copyBatch = 64

// copySegment copies the entries of one file that count; the end of one that
// was cut is left out.
func copySegment(files *segment.Filer, s types.SegmentInfo, w *wal.WAL) error {
	var batch []*raft.Log
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := w.StoreLogs(batch)
		batch = nil
		return err
	}
	last := uint64(0)
	err := files.DumpSegment(s.BaseIndex, s.ID, 0, 0, func(_ types.SegmentInfo, e types.LogEntry) (bool, error) {
		if e.Index < s.MinIndex || !s.SealTime.IsZero() && e.Index > s.MaxIndex {
			return true, nil
		}
		l := new(raft.Log)
		if err := (&wal.BinaryCodec{}).Decode(slices.Clone(e.Data), l); err != nil {
			return false, err
		}
		last = e.Index
		if batch = append(batch, l); len(batch) == copyBatch {
			return true, flush()
		}
		return true, nil
	})
	if err = errors.Join(err, flush()); err != nil {
		return err
	}
	if !s.SealTime.IsZero() && last != s.MaxIndex {
		return fmt.Errorf("it ends with entry %d, and entry %d must be there", last, s.MaxIndex)
	}
	return nil
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
