package cluster

import (
	"os"
	"path/filepath"
	"slices"

	"mozpool/cmd/mozpool/server"
	v1 "mozpool/httpapi/v1"
	"mozpool/persistence"
)

// backedUp takes a backup at each server, and makes of it what a server by itself goes on with: every board, with an
// epoch that it may write.
func (w *world) backedUp() {
	w.t.Helper()
	for _, p := range w.Servers {
		file, err := os.Create(filepath.Join(w.t.TempDir(), "backup"))
		w.must(err)
		w.must(p.Client().Backup(w.ctx, file, true))
		_, err = file.Seek(0, 0)
		w.must(err)
		data := filepath.Join(w.t.TempDir(), "data")
		s, err := server.Restore(file, data)
		w.must(err)
		w.must(file.Close())
		j, err := persistence.OpenLocal(filepath.Join(data, "journal"), persistence.Options{})
		w.must(err)
		found := make(map[string]bool)
		for b, err := range j.Load(w.ctx, "") {
			w.must(err)
			found[b.Board] = true
			w.must(j.Commit(w.ctx, persistence.Change{Board: b.Board, Epoch: 1, PrevSeq: b.Seq, Record: b.Record}))
		}
		w.must(j.Close())
		all, err := w.Boards(w.ctx)
		w.must(err)
		if s.Server != p.Name || slices.ContainsFunc(all, func(b v1.Board) bool { return !found[b.ID] }) {
			w.t.Errorf("the backup of %s has the boards %v: %+v", p.Name, found, s)
		}
	}
}
