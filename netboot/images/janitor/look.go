package janitor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"mozpool/netboot/images"
	"mozpool/netboot/images/download"
	"mozpool/persistence"
)

var digest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// noteFile keeps since when files are unused.
const noteFile = "unused.json"

// note is what is kept of earlier looks: since when files are unused, by path, as counted from looks.
type note struct {
	Looked time.Time            `json:"looked"`
	Since  map[string]time.Time `json:"since"`
}

// look sees what is there, and since when nobody uses it. A file that nobody is known to have used before this look is
// unused from now on, whatever its age: a server that knew nothing of all this may have written it.
func (j *Janitor) look(ctx context.Context) (all []File, err error) {
	uses, err := j.cfg.Uses(ctx)
	if err != nil {
		return nil, fmt.Errorf("find out what of the store is used: %w", err)
	}
	all, err = j.uploads()
	for _, folder := range []string{"", images.MadeFolder, images.BlocksFolder} {
		files, ferr := j.folder(folder, uses)
		all, err = append(all, files...), errors.Join(err, ferr)
	}
	if err != nil {
		return nil, fmt.Errorf("look through the store: %w", err)
	}
	next := note{Looked: j.cfg.Clock(), Since: map[string]time.Time{}}
	missed := j.missed(next.Looked)
	for i := range all {
		f := &all[i]
		f.Images, f.Boards = uses.Images[f.Path], uses.Boards[f.Path]
		if uses.used(f.Path) {
			continue
		}
		f.Unused = next.Looked
		if noted, ok := j.note.Since[f.Path]; ok && noted.Add(missed).Before(f.Unused) {
			f.Unused = noted.Add(missed)
		}
		// It has come anew since it was noted: removed, and sent again before anybody looked.
		if f.Wanted.After(f.Unused) && !f.Wanted.After(next.Looked) {
			f.Unused = f.Wanted
		}
		next.Since[f.Path] = f.Unused
	}
	j.note = next
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// missed is the time since the last look that does not count, because nobody can say what was used in it: the server was
// down, or the clock jumped. A clock that is set right by years must not empty the store.
func (j *Janitor) missed(now time.Time) time.Duration {
	gap := now.Sub(j.note.Looked)
	if gap <= 2*every {
		return 0
	}
	return gap - every
}

func (j *Janitor) uploads() (all []File, err error) {
	list, err := j.cfg.Uploads.List()
	for _, a := range list {
		all = append(all, File{Kind: Upload, Path: path.Join(images.UploadFolder, a.SHA256), SHA256: a.SHA256, Name: a.Name, Size: a.Size, At: a.At, Wanted: j.cfg.Uploads.Came(a.SHA256)})
	}
	return all, err
}

// folder lists one folder: files that are named by a hash, and those that are not whole. What else lies there somebody put
// there, who may know why.
func (j *Janitor) folder(name string, uses Uses) (all []File, err error) {
	entries, err := os.ReadDir(filepath.Join(j.cfg.Dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		f, ok := fileOf(name, e.Name(), uses)
		if !ok || e.IsDir() {
			continue
		}
		info, ierr := e.Info()
		switch {
		case errors.Is(ierr, fs.ErrNotExist):
			continue // it got its name, or was removed
		case ierr != nil:
			err = errors.Join(err, ierr)
			continue
		}
		f.Size, f.At, f.Wanted = info.Size(), info.ModTime(), info.ModTime()
		all = append(all, f)
	}
	return all, err
}

func fileOf(folder, name string, uses Uses) (File, bool) {
	f := File{Kind: Unpacked, Path: path.Join(folder, name), SHA256: name}
	switch {
	case strings.HasPrefix(name, ".new-"), strings.HasPrefix(name, download.Unfinished), strings.HasPrefix(name, noteFile+".tmp"):
		f.Kind, f.SHA256 = Half, ""
		return f, true
	case folder == "" || !digest.MatchString(name):
		return f, false
	case folder == images.BlocksFolder:
		f.Kind = Blocks
		return f, true
	}
	origin := uses.Origins[f.Path]
	f.From = origin.From
	if origin.Fetched {
		f.Kind = Fetched
	}
	return f, true
}

// unlink removes a file. One that is gone already was meant to be.
func (j *Janitor) unlink(name string) error {
	err := os.Remove(filepath.Join(j.cfg.Dir, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (j *Janitor) readNote() (n note) {
	data, err := os.ReadFile(filepath.Join(j.cfg.Dir, noteFile))
	if errors.Is(err, fs.ErrNotExist) {
		return note{}
	}
	if err == nil {
		err = json.Unmarshal(data, &n)
	}
	if err != nil {
		j.cfg.Logger.Warn("since when files of the store are unused cannot be read: it is counted from now on", "error", err)
		return note{}
	}
	return n
}

// writeNote keeps since when files are unused, over a restart: to a temporary name, synced, renamed. Without it they are
// kept longer than they need be; a disk that is full must still be cleared.
func (j *Janitor) writeNote() {
	data, err := json.Marshal(j.note)
	if err == nil {
		err = os.MkdirAll(j.cfg.Dir, 0o755)
	}
	if err == nil {
		err = persistence.WriteFile(filepath.Join(j.cfg.Dir, noteFile), data)
	}
	if err != nil {
		j.cfg.Logger.Warn("since when files of the store are unused is not kept over a restart", "error", err)
	}
}
