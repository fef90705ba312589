package uploads

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"mozpool/persistence"
	"mozpool/persistence/strictyaml"
)

// OtherError says that what came in is not what was announced; nothing of it was kept.
type OtherError struct {
	Want, Got string // SHA-256
	Size      int64  // bytes that came in
}

func (e *OtherError) Error() string {
	return fmt.Sprintf("the %d bytes have sha256 %s, not %s", e.Size, e.Got, e.Want)
}

// FullError says that there is no room; nothing was kept.
type FullError struct {
	Need, Free uint64 // bytes; Need is 0 where nobody said how many come
}

func (e *FullError) Error() string {
	return fmt.Sprintf("the disk of the store has %s free, and %s of it stay free", strictyaml.Size(e.Free), strictyaml.Size(MinFree))
}

// lookEvery is how many bytes are written between two looks at what is free: others write to the disk as well.
const lookEvery = 64 << 20

// Put reads an artifact to its end and keeps it under its hash. size is how many bytes are announced, -1: nobody said.
// The same again is read to its end too, and changes nothing. Errors are *OtherError, *FullError, those of body, and
// those of the disk.
func (s *Store) Put(sum, name string, size int64, body io.Reader, now time.Time) (Artifact, error) {
	if !CheckSum(sum) || !CheckName(name) {
		return Artifact{}, fmt.Errorf("keep artifact %q: %q is no sha256, or %q no plain file name", sum, sum, name)
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return Artifact{}, fmt.Errorf("keep artifact %s: %w", sum, err)
	}
	if err := s.room(size); err != nil {
		return Artifact{}, err
	}
	tmp, err := os.CreateTemp(s.dir, unfinished)
	if err != nil {
		return Artifact{}, fmt.Errorf("keep artifact %s: %w", sum, err)
	}
	err = s.take(tmp, sum, body)
	if cerr := tmp.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("keep artifact %s: %w", sum, cerr)
	}
	if err == nil {
		err = s.name(tmp.Name(), Artifact{SHA256: sum, Name: name, At: now.UTC()})
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // what is left, the next start removes
		return Artifact{}, err
	}
	return s.look(sum)
}

// Adopt takes over a whole file of the same disk, as Put takes what comes; its caller has hashed and synced it. One that is
// there already stays, and the file goes.
func (s *Store) Adopt(path, sum, name string, now time.Time) (Artifact, error) {
	if !CheckSum(sum) || !CheckName(name) {
		return Artifact{}, fmt.Errorf("keep artifact %q: it is no sha256, or %q no plain file name", sum, name)
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return Artifact{}, fmt.Errorf("keep artifact %s: %w", sum, err)
	}
	if err := s.name(path, Artifact{SHA256: sum, Name: name, At: now.UTC()}); err != nil {
		return Artifact{}, err
	}
	return s.look(sum)
}

// take writes what comes to a file, which is synced once it is known to be right.
func (s *Store) take(to *os.File, want string, body io.Reader) error {
	sum := sha256.New()
	var size int64
	for {
		n, err := io.CopyN(io.MultiWriter(to, sum), body, lookEvery)
		size += n
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("keep artifact %s, after %d bytes: %w", want, size, err)
		}
		if err := s.room(-1); err != nil {
			return err
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return &OtherError{Want: want, Got: got, Size: size}
	}
	if err := errors.Join(to.Chmod(0o644), to.Sync()); err != nil {
		return fmt.Errorf("keep artifact %s: %w", want, err)
	}
	return nil
}

// name gives a whole file its hash for a name, after the note that says what people call it. One that is there already
// stays, for running attempts pinned its time; its note gets a new one, which tells that somebody still wants it.
func (s *Store) name(tmp string, a Artifact) error {
	s.touched(a.SHA256) // from now on nobody deletes it for want of users
	s.naming.Lock()
	defer s.naming.Unlock()
	path := filepath.Join(s.dir, a.SHA256)
	known, missing := s.look(a.SHA256)
	if missing == nil && known.Name != "" {
		return errors.Join(renew(path+about, a.At), os.Remove(tmp))
	}
	note, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("note artifact %s: %w", a.SHA256, err)
	}
	if missing == nil { // but for its note
		return errors.Join(persistence.WriteFile(path+about, note), os.Remove(tmp))
	}
	if err := errors.Join(os.WriteFile(path+about, note, 0o644), os.Rename(tmp, path)); err != nil {
		return fmt.Errorf("keep artifact %s: %w", a.SHA256, err)
	}
	return syncDir(s.dir)
}

// renew gives the note of an artifact a new time, also after a power cut.
func renew(path string, now time.Time) error {
	note, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		err = errors.Join(os.Chtimes(path, now, now), note.Sync(), note.Close())
	}
	if err != nil {
		return fmt.Errorf("note that an artifact is wanted: %w", err)
	}
	return nil
}

// room refuses what would leave too little of the disk free.
func (s *Store) room(size int64) error { return Room(s.dir, size, s.free) }

// Room refuses, as a *FullError, so many bytes more as would leave less than MinFree of a folder's disk free; -1: nobody
// knows how many. free is persistence.FreeSpace but in tests.
func Room(dir string, size int64, free func(dir string) (uint64, error)) error {
	n, err := free(dir)
	if err != nil {
		return fmt.Errorf("ask how much of the disk is free: %w", err)
	}
	need := uint64(max(size, 0))
	if n < MinFree || n-MinFree < need {
		return &FullError{Need: need, Free: n}
	}
	return nil
}

// syncDir has the names of a folder last.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync the folder of uploads: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sync the folder of uploads: %w", err)
	}
	return nil
}
