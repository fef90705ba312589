package persistence

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// The journal's folder holds FORMAT, LOCK and badger/. FORMAT keeps a version
// that knows nothing of the log beside a replicated store from writing to it.
const (
	formatLocal      = "mozpool journal 1\n"
	formatReplicated = "mozpool journal 2\n"
)

// claimFolder makes the folder ready and locks it. The lock lives as long as
// the returned file is open, and dies with the process however that ends.
func claimFolder(dir string, formats []string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("%w: make journal folder %s: %w; give this user write access or name another folder", ErrUnavailable, dir, err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("%w: folder %s cannot be written (%w); give this user write access or name another folder", ErrUnavailable, dir, err)
	}
	if err := lockFile(lock, dir); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	if err := checkFormat(dir, formats); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

func lockFile(lock *os.File, dir string) error {
	err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		pid, _ := io.ReadAll(io.LimitReader(lock, 20)) // only for the sentence
		return fmt.Errorf("%w: another mozpool (pid %s) uses folder %s", ErrUnavailable, strings.TrimSpace(string(pid)), dir)
	}
	if err != nil {
		return fmt.Errorf("lock folder %s: %w", dir, err)
	}
	if err := lock.Truncate(0); err != nil {
		return fmt.Errorf("write pid to folder %s: %w", dir, err)
	}
	if _, err := lock.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0); err != nil {
		return fmt.Errorf("write pid to folder %s: %w", dir, err)
	}
	return nil
}

// unlockFile unlocks by name before it closes: a process that is just being
// started holds a copy of the descriptor until its exec, and with it a lock
// that was only closed.
func unlockFile(lock *os.File) error {
	return errors.Join(syscall.Flock(int(lock.Fd()), syscall.LOCK_UN), lock.Close())
}

// checkFormat refuses what another version wrote before Badger may touch it.
// A folder of an older one of the formats is made one of the first.
func checkFormat(dir string, formats []string) error {
	path := filepath.Join(dir, "FORMAT")
	found, err := os.ReadFile(path)
	switch {
	case err == nil && string(found) == formats[0]:
		return nil
	case err == nil && slices.Contains(formats, string(found)):
		return writeFileSynced(path, []byte(formats[0]))
	case err == nil:
		return fmt.Errorf("folder %s holds %.40q, this mozpool reads %q; use the version that wrote it, or another folder",
			dir, strings.TrimSpace(string(found)), strings.TrimSpace(formats[0]))
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("read %s: %w", path, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "badger")); err == nil {
		return fmt.Errorf("folder %s holds a store but no FORMAT; it was not made by this mozpool, use another folder", dir)
	}
	return writeFileSynced(path, []byte(formats[0]))
}

// WriteFile puts a file in place whole and synced, or not at all. What a crash leaves of it is called NAME.tmp….
func WriteFile(path string, data []byte) error { return writeFileSynced(path, data) }

// writeFileSynced puts a file in place whole or not at all.
func writeFileSynced(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes a new name in a folder durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}

// Replicated reports whether dir holds a journal of package replica, which
// OpenLocal refuses: one of a cluster, or that was of one.
func Replicated(dir string) bool {
	found, err := os.ReadFile(filepath.Join(dir, "FORMAT"))
	return err == nil && string(found) == formatReplicated
}
