// Package uploads keeps the artifacts that people and programs hand to the server, each under the SHA-256 of its bytes.
//
// It decides whether what comes in is what was announced, whether there is room for it, and when it counts as there:
// only whole, synced and under its hash. It refuses other content than the hash says, to fill the disk, and to keep
// half of anything; it does not know which image uses what, so whoever deletes asks about that first. Called by the API
// (package httpapi), by the catalogue, which reads the files where they lie, and by servers that fetch from each other.
//
// One upload is one pass from its first byte: it is not resumed. What is there already is not sent again (see Has),
// and a pass of a gigabyte takes seconds in a rack.
package uploads

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"mozpool/persistence"
)

// MinFree is what stays free on the disk, in bytes: the journal, which shares it, refuses wishes below 64 MiB.
const MinFree = 512 << 20

// MaxName is how long a file name may be, in bytes.
const MaxName = 200

// ErrNone says that no artifact has this hash here.
var ErrNone = errors.New("there is no such artifact")

// Artifact is one that is there.
type Artifact struct {
	SHA256 string    `json:"-"`
	Size   int64     `json:"-"`    // bytes
	Name   string    `json:"name"` // that it came under; its suffix tells how it is packed
	At     time.Time `json:"at"`   // when it was whole
}

// Store is a folder of artifacts. All methods may be called by many goroutines.
type Store struct {
	dir     string
	free    func(dir string) (uint64, error)
	touched func(sum string) // before an upload is looked for

	naming sync.Mutex // held while names in the folder change
}

var (
	digest = regexp.MustCompile(`^[0-9a-f]{64}$`)
	plain  = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._+-]*$`)
)

const (
	unfinished = ".new-"
	about      = ".json"
)

// Open opens the folder, which is made when something is put there. What a crash left half is removed: only one server
// works in a data folder.
func Open(dir string) (*Store, error) {
	half, err := filepath.Glob(filepath.Join(dir, unfinished+"*"))
	for _, name := range half {
		err = errors.Join(err, os.Remove(name))
	}
	if err != nil {
		return nil, fmt.Errorf("open the folder of uploads: %w", err)
	}
	s := &Store{dir: dir, free: persistence.FreeSpace, touched: func(string) {}}
	return s, s.tidy()
}

// tidy removes notes of artifacts that are gone: a crash came between the two.
func (s *Store) tidy() error {
	notes, err := filepath.Glob(filepath.Join(s.dir, "*"+about))
	for _, name := range notes {
		if sum := strings.TrimSuffix(filepath.Base(name), about); !CheckSum(sum) {
			continue
		}
		if _, serr := os.Stat(strings.TrimSuffix(name, about)); errors.Is(serr, fs.ErrNotExist) {
			err = errors.Join(err, os.Remove(name))
		}
	}
	if err != nil {
		return fmt.Errorf("tidy the folder of uploads: %w", err)
	}
	return nil
}

// OnTouch has somebody told of each artifact before it is looked for by its hash. It is for whoever deletes what nobody
// looks for; set it before the first call of any other method.
func (s *Store) OnTouch(do func(sum string)) { s.touched = do }

// Came is when an artifact came, or came the last time, if it was there already.
func (s *Store) Came(sum string) (at time.Time) {
	for _, name := range []string{sum, sum + about} {
		if info, err := os.Stat(filepath.Join(s.dir, name)); err == nil && info.ModTime().After(at) {
			at = info.ModTime()
		}
	}
	return at
}

// CheckSum tells whether a text is a hash as artifacts are named by: 64 digits in lower case.
func CheckSum(sum string) bool { return digest.MatchString(sum) }

// CheckName tells whether an artifact may come under this file name.
func CheckName(name string) bool { return len(name) <= MaxName && plain.MatchString(name) }

// Has finds an artifact; an error that is not ErrNone says that the disk is at fault.
func (s *Store) Has(sum string) (Artifact, error) {
	if CheckSum(sum) {
		s.touched(sum)
	}
	return s.look(sum)
}

func (s *Store) look(sum string) (Artifact, error) {
	if !CheckSum(sum) {
		return Artifact{}, ErrNone
	}
	info, err := os.Stat(filepath.Join(s.dir, sum))
	if errors.Is(err, fs.ErrNotExist) {
		return Artifact{}, ErrNone
	}
	if err != nil {
		return Artifact{}, fmt.Errorf("look for artifact %s: %w", sum, err)
	}
	a := Artifact{Size: info.Size(), At: info.ModTime()}
	data, err := os.ReadFile(filepath.Join(s.dir, sum+about))
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	if err != nil {
		a.Name = "" // what people called it is lost, and nothing else
	}
	a.SHA256 = sum
	return a, nil
}

// List tells of all artifacts, sorted by hash.
func (s *Store) List() (all []Artifact, err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list artifacts: %w", err)
	}
	for _, e := range entries {
		a, err := s.look(e.Name())
		if errors.Is(err, ErrNone) {
			continue // no hash, or deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// Read opens an artifact; the caller closes it.
func (s *Store) Read(sum string) (*os.File, error) {
	if !CheckSum(sum) {
		return nil, ErrNone
	}
	f, err := os.Open(filepath.Join(s.dir, sum))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("read artifact %s: %w", sum, err)
	}
	return f, nil
}

// Delete removes an artifact. Whoever reads it at this moment reads on.
func (s *Store) Delete(sum string) error {
	s.naming.Lock()
	defer s.naming.Unlock()
	if _, err := s.look(sum); err != nil {
		return err
	}
	path := filepath.Join(s.dir, sum)
	err := os.Remove(path)
	if rest := os.Remove(path + about); !errors.Is(rest, fs.ErrNotExist) {
		err = errors.Join(err, rest)
	}
	if err != nil {
		return fmt.Errorf("delete artifact %s: %w", sum, err)
	}
	return nil
}
