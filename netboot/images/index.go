package images

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
)

// indexVersion is raised when facts mean something else; an index of another
// version is thrown away and measured again.
const indexVersion = 2

// index remembers the facts about files by folder, path, size and time, in
// memory and as JSON in the store, so that a restart with hundreds of images
// hashes nothing. It is a cache: losing it costs time only.
type index struct {
	roots *roots
	path  string // of the JSON file
	log   *slog.Logger
	// touched is told of files of the store before they are looked for; nil: nobody is.
	touched func(path string)

	mu    sync.Mutex // guards files, urls and dirty; never held while hashing
	files map[string]facts
	urls  map[string]fetched
	dirty bool

	measuring sync.Mutex // one file at a time: the disk is what is short
}

// indexFile is the JSON form.
type indexFile struct {
	Version int                `json:"version"`
	Files   map[string]facts   `json:"files"`
	URLs    map[string]fetched `json:"urls,omitempty"`
}

// openIndex reads the index of a store. One that cannot be read is empty.
func openIndex(r *roots, o Options) *index {
	x := &index{roots: r, log: o.Logger, touched: o.Touched, path: filepath.Join(r.store, "index.json"), files: map[string]facts{}, urls: map[string]fetched{}}
	data, err := os.ReadFile(x.path)
	var stored indexFile
	if err != nil || json.Unmarshal(data, &stored) != nil || stored.Version != indexVersion {
		return x
	}
	maps.Copy(x.files, stored.Files)
	maps.Copy(x.urls, stored.URLs)
	return x
}

// save writes the index if it changed: to a temporary name, synced, renamed.
func (x *index) save() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.dirty {
		return nil
	}
	data, err := json.Marshal(indexFile{indexVersion, x.files, x.urls})
	if err != nil {
		return fmt.Errorf("save index of artifacts: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(x.path), 0o755); err != nil {
		return fmt.Errorf("save index of artifacts: %w", err)
	}
	if err := replaceFile(x.path, data); err != nil {
		return fmt.Errorf("save index of artifacts: %w", err)
	}
	x.dirty = false
	return nil
}

func replaceFile(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, werr := tmp.Write(data)
	// "image add" writes the index too, as another user perhaps: the server reads it all the same.
	err = errors.Join(werr, tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

// known returns the facts that still hold for a file.
func (x *index) known(key string, info fs.FileInfo) (facts, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f, ok := x.files[key]
	return f, ok && f.Size == info.Size() && f.ModTime.Equal(info.ModTime())
}

// grow extends the facts about a file with measure, unless have finds that they
// suffice. The file is open and at its start; measure may read it to the end.
func (x *index) grow(in Folder, path string, have func(facts) bool, measure func(*os.File, *facts) error) (facts, error) {
	file, info, err := x.roots.open(in, path)
	if err != nil {
		return facts{}, err
	}
	defer func() { _ = file.Close() }() // read only
	key := string(in) + ":" + path
	if f, ok := x.known(key, info); ok && have(f) {
		return f, nil
	}
	x.measuring.Lock()
	defer x.measuring.Unlock()
	f, ok := x.known(key, info) // another may have measured it meanwhile
	if ok && have(f) {
		return f, nil
	}
	if !ok {
		f = facts{Size: info.Size(), ModTime: info.ModTime()}
	}
	if err := measure(file, &f); err != nil {
		return facts{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := unchanged(file, info); err != nil {
		return facts{}, fmt.Errorf("%s: %w", path, err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.files[key], x.dirty = f, true
	return f, nil
}

// unchanged refuses facts of a file that somebody wrote to while it was read.
func unchanged(file *os.File, before fs.FileInfo) error {
	now, err := file.Stat()
	if err != nil {
		return err
	}
	if now.Size() != before.Size() || !now.ModTime().Equal(before.ModTime()) {
		return errors.New("is being written to; wait until it is complete, then reload")
	}
	return nil
}

// last returns what was known of a file when it was last measured, whatever became of it since.
func (x *index) last(in Folder, path string) (facts, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f, ok := x.files[string(in)+":"+path]
	return f, ok
}
