package dumps

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, 11, 23, 21, 5, 0, 0, time.UTC)

func open(t *testing.T, file, perBoard int64) *Store {
	t.Helper()
	s, err := Open(Config{Dir: filepath.Join(t.TempDir(), "dumps"), File: file, PerBoard: perBoard, Clock: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// keep writes a dump, and gives its file or what refused it.
func keep(t *testing.T, s *Store, board, name, text string, size int64) (File, error) {
	t.Helper()
	d, err := s.Create(board, name, size)
	if err != nil {
		return File{}, err
	}
	if _, err := d.Write([]byte(text)); err != nil {
		return File{}, errors.Join(err, d.Drop())
	}
	return d.Keep()
}

// TestNames: nothing that a board calls its dump leaves its folder, hides, or takes another's place.
func TestNames(t *testing.T) {
	t.Parallel()
	s := open(t, 1<<20, 1<<20)
	for _, tc := range []struct{ name, want string }{
		{"vmcore", "vmcore"}, {"vmcore", "vmcore-2"}, {"../../etc/passwd", "passwd"}, {`C:\dump.bin`, "dump.bin"}, {"..", "dump"}, {"a/", "dump-2"},
		{".hidden", "hidden"}, {"a b\n$(c)\x00ü", "a_b_c"}, {strings.Repeat("n", 200), strings.Repeat("n", 63)},
	} {
		f, err := keep(t, s, "board1", tc.name, "text", -1)
		if want := "20261123T210500Z-" + tc.want; err != nil || f.Name != want || f.Size != 4 || !stored.MatchString(f.Name) {
			t.Errorf("%q: %+v, %v; want %s", tc.name, f, err, want)
		}
	}
	all, err := s.List("board1")
	if err != nil || len(all) != 9 || !all[0].At.Equal(at) {
		t.Errorf("%+v, %v", all, err)
	}
	if err := filepath.WalkDir(filepath.Dir(s.cfg.Dir), func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && filepath.Dir(path) != filepath.Join(s.cfg.Dir, "board1") {
			t.Errorf("%s is elsewhere", path)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// TestReadAndDelete: what was kept, and nothing else that a name could mean.
func TestReadAndDelete(t *testing.T) {
	t.Parallel()
	s := open(t, 1<<20, 1<<20)
	f, err := keep(t, s, "board1", "vmcore", "text", 4)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Read("board1", f.Name)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(got)
	if err := errors.Join(err, got.Close()); err != nil || string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
	for _, name := range []string{"", "..", "../board1/" + f.Name, f.Name + "x", partial + "1"} {
		if _, err := s.Read("board1", name); !errors.Is(err, ErrNone) {
			t.Errorf("read %q: %v", name, err)
		}
		if err := s.Delete("board1", name); !errors.Is(err, ErrNone) {
			t.Errorf("delete %q: %v", name, err)
		}
	}
	if _, err := s.Read("../dumps/board1", f.Name); err == nil {
		t.Error("a board's name led elsewhere")
	}
	if err := s.Delete("board1", f.Name); err != nil {
		t.Error(err)
	}
	if all, err := s.List("board1"); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
	if all, err := s.List("board2"); err != nil || len(all) != 0 {
		t.Errorf("a board without any: %+v, %v", all, err)
	}
}

// TestLimits: of one dump, announced or not, and of a board, whose dumps on their way count; another board's do not.
func TestLimits(t *testing.T) {
	t.Parallel()
	s := open(t, 10<<10, 16<<10)
	refused := func(board, text string, size int64, says string) {
		t.Helper()
		var limit *LimitError
		if _, err := keep(t, s, board, "d", text, size); !errors.As(err, &limit) || !strings.Contains(err.Error(), says) {
			t.Errorf("%d bytes, announced %d: %v", len(text), size, err)
		}
	}
	refused("board1", "", 10<<10+1, "10KiB at most")
	refused("board1", strings.Repeat("x", 10<<10+1), -1, "10KiB at most")
	refused("board1", "12345", 4, "longer than the 4 bytes")
	if _, err := keep(t, s, "board1", "d", strings.Repeat("x", 10<<10), -1); err != nil {
		t.Error(err)
	}
	refused("board1", "", 7<<10, "fill their 16KiB: delete some")
	d, err := s.Create("board1", "d", -1) // gets the 6 KiB that are left
	if err != nil {
		t.Fatal(err)
	}
	refused("board1", "", 0, "delete some")
	if _, err := keep(t, s, "board2", "d", "x", -1); err != nil {
		t.Errorf("another board: %v", err)
	}
	if _, err := d.Write(make([]byte, 6<<10+1)); err == nil {
		t.Error("more than was left was taken")
	}
	if err := d.Drop(); err != nil {
		t.Error(err)
	}
	if _, err := keep(t, s, "board1", "empty", "", 0); err != nil {
		t.Errorf("after the drop: %v", err)
	}
	refused("board1", "", 0, "delete some") // an empty file counts as well
}

// TestHalves: what broke off is not there, neither at once nor after the server has died.
func TestHalves(t *testing.T) {
	t.Parallel()
	s := open(t, 1<<20, 1<<20)
	d, err := s.Create("board1", "d", -1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	if all, err := s.List("board1"); err != nil || len(all) != 0 {
		t.Errorf("a half is listed: %+v, %v", all, err)
	}
	if _, err := Open(s.cfg); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(s.cfg.Dir, "board1")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := d.Keep(); err == nil {
		t.Error("a file that is gone was kept")
	}
	if len(s.held) != 0 {
		t.Errorf("still held: %v", s.held)
	}
}
