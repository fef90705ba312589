package uploads

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func sumOf(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}

func store(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "artifacts"))
	if err != nil {
		t.Fatal(err)
	}
	s.free = func(string) (uint64, error) { return 1 << 40, nil }
	return s
}

// files are the names in the folder; nothing half may be among them.
func files(t *testing.T, s *Store) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(s.dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestPutKeepsWhatWasAnnounced(t *testing.T) {
	t.Parallel()
	s := store(t)
	sum := sumOf("image")
	for i, name := range []string{"v2.img.gz", "other.img.gz"} { // the second changes nothing
		a, err := s.Put(sum, name, 5, strings.NewReader("image"), noon.Add(time.Duration(i)*time.Hour))
		if err != nil || a != (Artifact{SHA256: sum, Size: 5, Name: "v2.img.gz", At: noon}) {
			t.Fatalf("%s: %+v, %v", name, a, err)
		}
	}
	if all, err := s.List(); err != nil || len(all) != 1 || all[0].Name != "v2.img.gz" {
		t.Errorf("%+v, %v", all, err)
	}
	f, err := s.Read(sum)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil || string(data) != "image" {
		t.Errorf("%q, %v", data, err)
	}
	if err := s.Delete(sum); err != nil || len(files(t, s)) != 0 {
		t.Errorf("%v, left: %v", err, files(t, s))
	}
	if err := s.Delete(sum); !errors.Is(err, ErrNone) {
		t.Errorf("again: %v", err)
	}
}

func TestPutKeepsNothingHalf(t *testing.T) {
	t.Parallel()
	broken := errors.New("hung up")
	sum := sumOf("image")
	for name, tc := range map[string]struct {
		sum, file string
		size      int64
		body      io.Reader
		free      uint64
		check     func(error) bool
	}{
		"other content": {sum, "a.img", -1, strings.NewReader("imagf"), 1 << 40, func(err error) bool {
			var other *OtherError
			return errors.As(err, &other) && other.Size == 5 && other.Got == sumOf("imagf")
		}},
		"broken off": {sum, "a.img", 5, io.MultiReader(strings.NewReader("ima"), iotest.ErrReader(broken)), 1 << 40,
			func(err error) bool { return errors.Is(err, broken) }},
		"too large": {sum, "a.img", 5, iotest.ErrReader(broken), MinFree + 4, func(err error) bool {
			var full *FullError
			return errors.As(err, &full) && full.Need == 5
		}},
		"no hash":       {"../" + sum[3:], "a.img", 5, strings.NewReader("image"), 1 << 40, func(err error) bool { return err != nil }},
		"no plain name": {sum, "../a.img", 5, strings.NewReader("image"), 1 << 40, func(err error) bool { return err != nil }},
	} {
		s := store(t)
		s.free = func(string) (uint64, error) { return tc.free, nil }
		if _, err := s.Put(tc.sum, tc.file, tc.size, tc.body, noon); !tc.check(err) {
			t.Errorf("%s: %v", name, err)
		}
		if left := files(t, s); len(left) != 0 {
			t.Errorf("%s left %v", name, left)
		}
	}
}

// Somebody who says not how much comes must not fill the disk either.
func TestPutLooksAtTheDiskAsItGoes(t *testing.T) {
	t.Parallel()
	s := store(t)
	looks := 0
	s.free = func(string) (uint64, error) {
		if looks++; looks > 1 {
			return MinFree - 1, nil
		}
		return 1 << 40, nil
	}
	var full *FullError
	endless := io.LimitReader(zeros{}, 2*lookEvery)
	if _, err := s.Put(sumOf("image"), "a.img", -1, endless, noon); !errors.As(err, &full) || looks != 2 {
		t.Errorf("%v after %d looks", err, looks)
	}
	if left := files(t, s); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestOpenRemovesWhatACrashLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sum := sumOf("image")
	for _, name := range []string{unfinished + "1", sum, "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("image"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := files(t, s); len(got) != 2 {
		t.Errorf("%v", got)
	}
	// A note that is lost takes nothing but the name with it.
	if all, err := s.List(); err != nil || len(all) != 1 || all[0].SHA256 != sum || all[0].Name != "" || all[0].Size != 5 {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{"v2.img.gz": true, "a": true, "": false, ".img": false, "a/b": false, "a b": false, "ä": false, strings.Repeat("a", MaxName+1): false} {
		if CheckName(name) != good {
			t.Errorf("%q", name)
		}
	}
	if CheckSum(strings.ToUpper(sumOf("A"))) || CheckSum("abc") || !CheckSum(sumOf("A")) {
		t.Error("hashes are 64 digits in lower case")
	}
	if _, err := store(t).Read("../x"); !errors.Is(err, ErrNone) {
		t.Errorf("%v", err)
	}
}

// A file that is whole already is taken over as one that is sent: once, and under a name that can be one.
func TestAdopt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(filepath.Join(dir, "artifacts"))
	if err != nil {
		t.Fatal(err)
	}
	sum, file := sumOf("image"), filepath.Join(dir, "part")
	var first os.FileInfo
	for n := range 2 {
		if err := os.WriteFile(file, []byte("image"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Adopt(file, sum, "../a.img", noon); err == nil {
			t.Error("kept under ../a.img")
		}
		a, err := s.Adopt(file, sum, "a.img", noon)
		if err != nil || a.SHA256 != sum || a.Name != "a.img" || a.Size != 5 {
			t.Fatalf("%+v, %v", a, err)
		}
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file is left: %v", err)
		}
		info, err := os.Stat(filepath.Join(dir, "artifacts", sum))
		if err != nil || n == 1 && !os.SameFile(first, info) {
			t.Errorf("another file is there now, %v", err)
		}
		first = info
	}
}
