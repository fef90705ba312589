package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const envRestore = "MOZPOOL_TEST_RESTORE"

// deadly is a file whose reader is killed at a byte of its second pass.
type deadly struct {
	*bytes.Reader
	passes, at int
}

// Seek implements io.Seeker.
func (d *deadly) Seek(offset int64, whence int) (int64, error) {
	d.passes++
	return d.Reader.Seek(offset, whence)
}

// Read implements io.Reader, in small pieces: the restore is to be somewhere in its work.
func (d *deadly) Read(p []byte) (int, error) {
	if d.passes > 0 && d.Len() <= d.at {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // nothing follows
	}
	return d.Reader.Read(p[:min(len(p), 4096)])
}

// TestKilledRestore is the child of TestRestoreIsMadeAgain.
func TestKilledRestore(t *testing.T) {
	order := strings.Split(os.Getenv(envRestore), "|")
	if len(order) != 4 {
		t.Skip("runs only as a child of TestRestoreIsMadeAgain")
	}
	file, err := os.ReadFile(order[0])
	must(t, err)
	at, err := strconv.Atoi(order[3])
	must(t, err)
	_, err = Restore(&deadly{Reader: bytes.NewReader(file), at: at}, order[1], Options{Keep: shelf(order[2]).keep})
	must(t, err)
}

// TestRestoreIsMadeAgain: kill -9 at many places of a restore, the same restore again, and everything is there once.
func TestRestoreIsMadeAgain(t *testing.T) {
	t.Parallel()
	file := sample(t, upload(image), upload("small"))
	path := filepath.Join(t.TempDir(), "backup")
	must(t, os.WriteFile(path, file, 0o600))
	const places = 8
	for i := range places + 1 { // the last is never reached: it lives to its end
		left := len(file)*(places-i)/places - 1
		t.Run(fmt.Sprintf("%d bytes before the end", left), func(t *testing.T) {
			t.Parallel()
			data, kept := filepath.Join(t.TempDir(), "data"), t.TempDir()
			child := exec.Command(os.Args[0], "-test.run", "^TestKilledRestore$")
			child.Env = append(os.Environ(), envRestore+"="+strings.Join([]string{path, data, kept, strconv.Itoa(left)}, "|"))
			out, err := child.CombinedOutput()
			var died *exec.ExitError
			if killed := errors.As(err, &died) && !died.Exited(); killed != (left >= 0) {
				t.Fatalf("%v\n%s", err, out)
			}
			if i%2 == 0 && left >= 0 { // as if it had died between the name of the audit log and that of the journal
				must(t, os.WriteFile(filepath.Join(data, AuditName), []byte(strings.Repeat("who did what\n", 10000)), 0o600))
			}
			_, err = Restore(bytes.NewReader(file), data, Options{Keep: shelf(kept).keep})
			if (err == nil) != (left >= 0) {
				t.Fatalf("the second restore: %v", err)
			}
			wantWhole(t, data)
			for _, want := range []string{image, "small"} {
				if got, err := os.ReadFile(filepath.Join(kept, artifact(want).SHA256)); err != nil || string(got) != want {
					t.Errorf("an artifact has %d bytes, %v", len(got), err)
				}
			}
			if names, _ := filepath.Glob(filepath.Join(data, "*")); len(names) != 3 { // FORMAT, audit.log, journal
				t.Errorf("in the data folder: %v", names)
			}
		})
	}
}

var _ io.ReadSeeker = (*deadly)(nil)
