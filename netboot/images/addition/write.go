package addition

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mozpool/netboot/images"
	"mozpool/persistence/strictyaml"
)

// Write puts the file into artifacts/ and the entry into images.yaml. On an error nothing is changed.
func (a *Addition) Write(ctx context.Context) (err error) {
	path, text, mode, err := a.current()
	if err != nil {
		return err
	}
	longer, err := appended(text, a.Entry())
	if err != nil {
		return &strictyaml.RemedyError{What: fmt.Sprintf("%s: %v", a.options.Path, err), Remedy: "write it as lines that begin with a dash, or add the entry by hand"}
	}
	if !a.Present {
		target := filepath.Join(a.options.Files, artifactsFolder, filepath.FromSlash(a.Image.Artifacts[0].File))
		if err := a.copyTo(ctx, target); err != nil {
			return fmt.Errorf("copy %s to %s: %w", a.File.Path, target, explain(err))
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, os.Remove(target))
			}
		}()
	}
	if err := a.replace(path, text, longer, mode); err != nil {
		return fmt.Errorf("add %s to %s: %w", a.Image.Name, a.options.Path, explain(err))
	}
	return nil
}

// current reads images.yaml, links followed, so that a link stays one. A file that does not exist is empty.
func (a *Addition) current() (path, text string, mode fs.FileMode, err error) {
	path = a.options.Path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, "", 0o644, nil
	}
	if err != nil {
		return "", "", 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", "", 0, err
	}
	return path, string(data), info.Mode().Perm(), nil
}

// replace writes the longer text beside images.yaml, reads that strictly, and renames it if it is what it should be.
func (a *Addition) replace(path, was, text string, mode fs.FileMode) error {
	temporary, err := writeBeside(path, mode, func(w io.Writer) error { return write(w, text) })
	if err != nil {
		return err
	}
	keep := false
	defer func() {
		if !keep {
			_ = os.Remove(temporary) // it is in nobody's way but the eye's
		}
	}()
	o := a.options
	o.Path = temporary
	after, problems := images.Load(o)
	if err := problems.Err(); err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), temporary, a.options.Path))
	}
	if !a.sameBut(after) {
		return &strictyaml.RemedyError{What: "with the entry the file would mean something else", Remedy: "add the entry by hand"}
	}
	if _, now, _, err := a.current(); err != nil || now != was {
		return errors.Join(err, errors.New("somebody else has changed it meanwhile; try again"))
	}
	keep = true
	return os.Rename(temporary, path)
}

// copyTo copies the file, and refuses what is not the one that was looked at.
func (a *Addition) copyTo(ctx context.Context, target string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	from, err := os.Open(a.File.Path)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // read only
	sum := sha256.New()
	temporary, err := writeBeside(target, 0o644, func(w io.Writer) error {
		_, err := io.Copy(io.MultiWriter(w, sum), whileAlive{ctx, from})
		return err
	})
	if err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != a.File.SHA256 {
		err = &strictyaml.RemedyError{What: "it is being written to", Remedy: "wait until it is complete, then try again"}
	} else {
		err = os.Rename(temporary, target)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return nil
}

// whileAlive ends a long copy with the command.
type whileAlive struct {
	ctx context.Context
	r   io.Reader
}

func (w whileAlive) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, errors.New("interrupted")
	}
	return w.r.Read(p)
}

// writeBeside writes a synced file with a temporary name in path's folder. On an error there is none.
func writeBeside(path string, mode fs.FileMode, fill func(io.Writer) error) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*-"+filepath.Base(path))
	if err != nil {
		return "", err
	}
	ferr := fill(f)
	if err := errors.Join(ferr, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

func write(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}

// explain adds the remedy to the usual mishap.
func explain(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w; work as a user who may write there", err)
	}
	return err
}
