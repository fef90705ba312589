package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Change is a change that somebody asked for.
type Change struct {
	At     time.Time `json:"at"`
	Who    string    `json:"who"`
	From   string    `json:"from"`   // address
	What   string    `json:"what"`   // method and path
	Result string    `json:"result"` // done, or the kind of the problem
}

// maxAudit is how large an audit log grows before it takes the place of the one before it.
const maxAudit = 64 << 20

// Audit is the log of changes: a file with a JSON object a line, which only its owner can read.
type Audit struct {
	path string
	log  *slog.Logger

	mu   sync.Mutex
	file *os.File
	size int64
}

// OpenAudit opens the log at path, or begins it. log is told where it cannot be written; nil: silence.
func OpenAudit(path string, log *slog.Logger) (*Audit, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	a := &Audit{path: path, log: log}
	return a, a.open()
}

func (a *Audit) open() error {
	f, err := os.OpenFile(a.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the audit log: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("open the audit log: %w", err), f.Close())
	}
	a.file, a.size = f, info.Size()
	return nil
}

// Write adds a change. It has been made or refused already, so a full disk does not undo it: the server's own log
// takes what the file did not.
func (a *Audit) Write(c Change) {
	data, err := json.Marshal(c)
	if err != nil {
		return // texts and a time always encode
	}
	data = append(data, '\n')
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.size+int64(len(data)) > maxAudit {
		a.turn()
	}
	n, err := a.file.Write(data)
	a.size += int64(n)
	if err != nil {
		a.log.Error("the audit log cannot be written", "error", err, "who", c.Who, "from", c.From, "what", c.What, "result", c.Result)
	}
}

// turn begins a new file and keeps one before it.
func (a *Audit) turn() {
	if err := os.Rename(a.path, a.path+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.log.Error("the audit log cannot be turned over", "error", err)
		return
	}
	old := a.file
	if err := a.open(); err != nil {
		a.log.Error("the audit log cannot be turned over", "error", err)
		return
	}
	_ = old.Close() // all of it was written
}

// Close lets go of the file.
func (a *Audit) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.file.Close()
}
