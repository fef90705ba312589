package running

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
)

// Crashes keeps what Go says when the process dies of a panic or a fatal error, in whichever goroutine: standard error
// may go nowhere. What the boards did last is in their logs, and is added at the next start.
type Crashes struct {
	file *os.File
	// Report is the file of a crash before this start; empty: there was none.
	Report string
}

const crashName = "crash.txt"

// ArmCrashes has crashes of this process written to a file in folder (made if need be), under a head that says whose
// they are. What a process before it left there becomes a report, crash-TIME.txt. One process of a folder at a time.
func ArmCrashes(folder, head string) (*Crashes, error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder for crash reports: %w", err)
	}
	c := &Crashes{}
	if err := c.keepLast(folder); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(folder, crashName), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open the file for crash reports: %w", err)
	}
	_, err = fmt.Fprintf(file, "%s\n", head)
	if err == nil {
		err = debug.SetCrashOutput(file, debug.CrashOptions{})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("arm crash reports: %w", err), file.Close())
	}
	c.file = file
	return c, nil
}

// keepLast makes a report of what the last process left, if there is more than its head.
func (c *Crashes) keepLast(folder string) error {
	path := filepath.Join(folder, crashName)
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the last crash: %w", err)
	}
	if _, said, _ := strings.Cut(string(data), "\n"); strings.TrimSpace(said) == "" {
		return nil // killed, or out of power: no crash
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read the last crash: %w", err)
	}
	c.Report = filepath.Join(folder, "crash-"+info.ModTime().UTC().Format("20060102T150405.000Z")+".txt")
	if err := os.Rename(path, c.Report); err != nil {
		return fmt.Errorf("keep the last crash: %w", err)
	}
	return nil
}

// Died is when the process before this one crashed; zero: it did not.
func (c *Crashes) Died() time.Time {
	info, err := os.Stat(c.Report)
	if c.Report == "" || err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// Complete adds to the report what events writes.
func (c *Crashes) Complete(events func(io.Writer) error) error {
	file, err := os.OpenFile(c.Report, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("complete the crash report: %w", err)
	}
	_, err = io.WriteString(file, "\nThe last events before it:\n")
	if err == nil {
		err = events(file)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("complete the crash report: %w", err)
	}
	return nil
}

// Disarm ends in order: there was no crash.
func (c *Crashes) Disarm() error {
	if err := errors.Join(debug.SetCrashOutput(nil, debug.CrashOptions{}), c.file.Close(), os.Remove(c.file.Name())); err != nil {
		return fmt.Errorf("disarm crash reports: %w", err)
	}
	return nil
}
