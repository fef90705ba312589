package running

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const envCrash = "MOZPOOL_TEST_CRASH_FOLDER"

// TestCrashingChild is the process that dies.
func TestCrashingChild(t *testing.T) {
	folder := os.Getenv(envCrash)
	if folder == "" {
		t.Skip("runs only as a child of TestCrashIsKept")
	}
	if _, err := ArmCrashes(folder, "mozpool v9"); err != nil {
		t.Fatal(err)
	}
	go func() { panic("a board bit me") }()
	select {}
}

// TestCrashIsKept: a panic of any goroutine is in a report at the next start, with the events before it, once.
func TestCrashIsKept(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "crashes")
	child := exec.Command(os.Args[0], "-test.run", "^TestCrashingChild$")
	child.Env = append(os.Environ(), envCrash+"="+folder)
	if out, err := child.CombinedOutput(); err == nil {
		t.Fatalf("the child lives: %s", out)
	}
	c, err := ArmCrashes(folder, "mozpool v10")
	if err != nil {
		t.Fatal(err)
	}
	if c.Report == "" || c.Died().IsZero() {
		t.Fatal("no report")
	}
	err = c.Complete(func(w io.Writer) error { _, err := io.WriteString(w, "b1: live to writing\n"); return err })
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(c.Report)
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, want := range []string{"mozpool v9\n", "panic: a board bit me", "goroutine ", "The last events before it:\nb1: live to writing\n"} {
		i := strings.Index(string(data[at:]), want)
		if i < 0 {
			t.Fatalf("no %q, in order, in %s", want, data)
		}
		at += i
	}
	if err := c.Disarm(); err != nil {
		t.Fatal(err)
	}
	quiet(t, folder, 1)
}

// quiet starts and ends once more: there is nothing new to report.
func quiet(t *testing.T, folder string, reports int) {
	t.Helper()
	c, err := ArmCrashes(folder, "mozpool v11")
	if err != nil || c.Report != "" || !c.Died().IsZero() {
		t.Errorf("%v, report %q", err, c.Report)
	}
	if err := c.Disarm(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "*")); len(left) != reports {
		t.Errorf("left are %v", left)
	}
}

// TestKilledIsNoCrash: a process that was killed leaves only its head.
func TestKilledIsNoCrash(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, crashName), []byte("mozpool v9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	quiet(t, folder, 0)
}
