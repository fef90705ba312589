package cli

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
)

const linesExported = 100_000 // the most that a server hands out

// export writes what is known of an attempt to a tar.gz, for whoever has no access to the server. Others read the file,
// so it is whole or not there.
func (c *Context) export(name, path string, d v1.AttemptDetail, against *v1.AttemptDetail) error {
	files, err := c.bundle(name, d, against)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".mozpool-attempt-*")
	if err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	err = errors.Join(pack(f, fmt.Sprintf("%s-attempt-%d", filepath.Base(name), d.Number), d.Log.Until, files), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the bundle %s: %w", path, err), os.Remove(f.Name()))
	}
	_, err = fmt.Fprintln(c.Out, path)
	return err
}

// bundled is one file of a bundle.
type bundled struct {
	name string
	data []byte
}

func (c *Context) bundle(name string, d v1.AttemptDetail, against *v1.AttemptDetail) ([]bundled, error) {
	b, err := c.Client.Board(c.Context, name)
	if err != nil {
		return nil, err
	}
	why, err := c.Client.Why(c.Context, name)
	if err != nil {
		return nil, err
	}
	lines, err := c.Client.Log(c.Context, name, client.LogQuery{Since: d.Log.Since.Format(time.RFC3339Nano), Until: d.Log.Until.Format(time.RFC3339Nano), Tail: linesExported})
	if err != nil {
		return nil, err
	}
	var log, shown bytes.Buffer
	for _, l := range lines {
		if !l.At.After(d.Log.Until) {
			fmt.Fprintf(&log, "%s %-12s %s\n", l.At.UTC().Format("2006-01-02T15:04:05.000Z"), l.Source, visible(l.Text))
		}
	}
	if err := timeline(d).write(&shown, false); err != nil {
		return nil, err
	}
	files := []bundled{{"timeline.txt", shown.Bytes()}, {"log.txt", log.Bytes()}}
	values := map[string]any{"attempt.json": d, "board.json": b, "why.json": why}
	order := []string{"attempt.json", "board.json", "why.json"}
	if against != nil {
		values["against.json"] = against
		order = append(order, "against.json")
	}
	for _, name := range order {
		data, err := json.MarshalIndent(values[name], "", "  ")
		if err != nil {
			return nil, err
		}
		files = append(files, bundled{name, append(data, '\n')})
	}
	return files, nil
}

func pack(f *os.File, folder string, at time.Time, files []bundled) error {
	z := gzip.NewWriter(f)
	t := tar.NewWriter(z)
	for _, file := range files {
		if err := t.WriteHeader(&tar.Header{Name: folder + "/" + file.name, Mode: 0o644, Size: int64(len(file.data)), ModTime: at}); err != nil {
			return err
		}
		if _, err := t.Write(file.data); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), z.Close())
}
