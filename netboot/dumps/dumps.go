// Package dumps keeps what boards write of their crashes: a folder for each board, with files that nobody reads but people.
//
// It decides what a file is called (when it came, and what of the board's own name for it can be a file's), how much a
// board may keep, and when a file is there: whole and on the disk, or not at all. It refuses what exceeds a limit, and
// never deletes to make room, for the first crash is often the one that explains the others. It knows no board: the
// caller has found out whose file it is. Package netboot writes here, and the API reads, lists and deletes.
package dumps

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"mozpool/actors/inventory"
	"mozpool/persistence/strictyaml"
)

// Config says where dumps are kept and how many.
type Config struct {
	Dir      string           // made if missing; nobody else writes there
	File     int64            // most bytes of one dump
	PerBoard int64            // most bytes of a board's dumps together
	Clock    func() time.Time // nil: time.Now
}

// File is a dump that is there.
type File struct {
	Name string // as Read and Delete know it: 20261123T210500Z-NAME
	Size int64  // bytes
	At   time.Time
}

// ErrNone is what is said of a dump that is not there.
var ErrNone = errors.New("no such dump")

// LimitError says that a dump does not fit; its text is for boards and people.
type LimitError struct{ Text string }

func (e *LimitError) Error() string { return e.Text }

const (
	partial  = ".part-"           // names of files that are not whole
	least    = 4 << 10            // that a file counts for, so that empty ones have an end
	stamp    = "20060102T150405Z" // of a name
	longName = 63                 // bytes of the board's own name for it
)

var (
	stored = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}Z-[A-Za-z0-9._-]{1,70}$`)
	unsafe = regexp.MustCompile(`[^A-Za-z0-9._-]+`)
)

// Store is the folder of all boards' dumps. Its methods may be called at the same time.
type Store struct {
	cfg  Config
	mu   sync.Mutex
	held map[string]int64 // bytes that dumps on their way may still need, by board
}

// Open opens the folder, makes it if it is missing, and removes what was not whole when a server died.
func Open(cfg Config) (*Store, error) {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of crash dumps: %w", err)
	}
	halves, err := filepath.Glob(filepath.Join(cfg.Dir, "*", partial+"*"))
	for _, path := range halves {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return nil, fmt.Errorf("remove crash dumps that are not whole: %w", err)
	}
	return &Store{cfg: cfg, held: make(map[string]int64)}, nil
}

// folder is where a board's dumps are.
func (s *Store) folder(board string) (string, error) {
	if err := inventory.CheckName(board); err != nil {
		return "", fmt.Errorf("dumps of board %q: %w", board, err)
	}
	return filepath.Join(s.cfg.Dir, board), nil
}

// List gives a board's dumps, the oldest first.
func (s *Store) List(board string) ([]File, error) {
	dir, err := s.folder(board)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list crash dumps of %s: %w", board, err)
	}
	var out []File
	for _, e := range entries { // sorted by name, which begins with the time
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !stored.MatchString(e.Name()) {
			continue // gone meanwhile, or nothing of ours
		}
		at, _ := time.Parse(stamp, e.Name()[:len(stamp)]) // a time that is none is year 1
		out = append(out, File{e.Name(), info.Size(), at})
	}
	return out, nil
}

// Read opens a dump. ErrNone: there is none of this name.
func (s *Store) Read(board, name string) (*os.File, error) {
	path, err := s.path(board, name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	return f, s.none("read", board, name, err)
}

// Delete removes a dump. ErrNone: there is none of this name.
func (s *Store) Delete(board, name string) error {
	path, err := s.path(board, name)
	if err != nil {
		return err
	}
	return s.none("delete", board, name, os.Remove(path))
}

func (s *Store) path(board, name string) (string, error) {
	dir, err := s.folder(board)
	if err != nil {
		return "", err
	}
	if !stored.MatchString(name) {
		return "", fmt.Errorf("%s of %s: %w", name, board, ErrNone)
	}
	return filepath.Join(dir, name), nil
}

func (s *Store) none(what, board, name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s of %s: %w", name, board, ErrNone)
	}
	return fmt.Errorf("%s crash dump %s of %s: %w", what, name, board, err)
}

// used is how many bytes a board's dumps count for.
func (s *Store) used(board string) (int64, error) {
	all, err := s.List(board)
	var sum int64
	for _, f := range all {
		sum += max(f.Size, least)
	}
	return sum, err
}

// fileName makes a name of what a board calls its dump: the last part of its path, without what a shell or a browser might
// take for something else.
func fileName(at time.Time, name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Trim(unsafe.ReplaceAllString(name, "_"), "._-")
	if name == "" {
		name = "dump"
	}
	return at.UTC().Format(stamp) + "-" + name[:min(len(name), longName)]
}

func size(n int64) string { return strictyaml.Size(n).String() }
