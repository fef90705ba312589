// Package download brings a file by its URL into a folder, under the SHA-256 of its bytes.
//
// It decides when a file is there: whole, hashed as it came, synced, and named last. What breaks off is kept and gone on
// with by the next Get, if the server's strong ETag says that it is the same file still (Range and If-Range; RFC 9110).
// It refuses another content than the one wanted, more than there is room for, and a server from which nothing comes.
// Who may fetch what from where, its caller knows: the catalogue (package images).
package download

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mozpool/persistence/strictyaml"
)

const (
	// patience is how long nothing may come, from the question's first byte on.
	patience = 30 * time.Second
	// breaks is how often one Get goes on after what it was sent broke off.
	breaks = 20
	// noteEvery is how many bytes come between two notes of what is safely on the disk, which a crash leaves to go on with.
	noteEvery = 64 << 20
)

// Unfinished is how the names of files begin that are not whole, and of the notes about them.
const Unfinished = ".part-"

// Fetcher fetches into one folder. The zero values of its fields but Dir are good.
type Fetcher struct {
	Dir      string        // made if missing
	Client   *http.Client  // nil: http.DefaultClient
	Most     int64         // bytes of a file; 0: any
	Patience time.Duration // how long nothing may come; 0: 30 s
	// Room refuses so many bytes more; -1: somewhat more. nil: there is always room.
	Room func(size int64) error
	// Keep takes over what is whole and synced, from the name that it has now; nil: it is called by its hash, in Dir.
	Keep func(path, sum string) error
}

// Wanted says what is fetched.
type Wanted struct {
	URL    string
	SHA256 string // of its bytes; empty: whatever comes
	ETag   string // of the one that is here; empty: none is
}

// Got is what came.
type Got struct {
	Unchanged bool // the one that is here is still what the server has
	SHA256    string
	ETag      string // as the server gave it; empty: it gave none
	Resumed   int64  // bytes that an earlier Get had brought
}

// StatusError is an answer that is no file.
type StatusError struct{ Status string }

func (e *StatusError) Error() string { return "the server answers " + e.Status }

// BrokenError says that a file did not come whole.
type BrokenError struct {
	Have int64 // bytes that are kept, to go on with
	Err  error
}

func (e *BrokenError) Error() string {
	if e.Have == 0 {
		return fmt.Sprintf("broke off: %v", e.Err)
	}
	return fmt.Sprintf("broke off: %v; %d bytes are here, asking again goes on behind them", e.Err, e.Have)
}

// Unwrap gives the cause.
func (e *BrokenError) Unwrap() error { return e.Err }

// Get fetches a file; it is then Dir/SHA256, or where Keep put it. Of many who want the same URL in one folder, one fetches at a time.
func (f *Fetcher) Get(ctx context.Context, w Wanted) (Got, error) {
	if err := os.MkdirAll(f.Dir, 0o755); err != nil {
		return Got{}, fmt.Errorf("fetch %s: %w", w.URL, err)
	}
	key := Unfinished + short(w.URL)
	release, err := Turn(ctx, filepath.Join(f.Dir, key))
	if err != nil {
		return Got{}, fmt.Errorf("wait for another fetch of %s: %w", w.URL, err)
	}
	defer release()
	t := &transfer{Fetcher: f, Wanted: w, key: key}
	got, err := t.run(ctx)
	if err != nil {
		return Got{}, fmt.Errorf("fetch %s: %w", w.URL, err)
	}
	return got, nil
}

// run asks until the file is whole, or nothing more comes.
func (t *transfer) run(ctx context.Context) (Got, error) {
	if err := t.open(); err != nil {
		return Got{}, err
	}
	t.resumed = t.have
	for n := 0; ; n++ {
		before := t.have
		unchanged, err := t.ask(ctx)
		var gone *goneError
		switch {
		case err == nil && unchanged:
			return Got{Unchanged: true, ETag: t.ETag}, t.drop()
		case err == nil:
			return t.finish()
		case errors.As(err, &gone) && n < breaks: // the rest that was asked for is of nothing any more: from the beginning
			if err := t.restart(""); err != nil {
				return Got{}, err
			}
			continue
		}
		var broken *BrokenError
		if !errors.As(err, &broken) || ctx.Err() != nil || t.have <= before || t.etag == "" || n >= breaks {
			return Got{}, t.leave(err)
		}
		if err := t.pause(); err != nil {
			return Got{}, errors.Join(err, t.leave(broken))
		}
	}
}

// finish names what came, if it is what was wanted.
func (t *transfer) finish() (Got, error) {
	sum := hex.EncodeToString(t.sum.Sum(nil))
	if t.SHA256 != "" && sum != t.SHA256 {
		// Going on with it would never mend it.
		return Got{}, errors.Join(&strictyaml.RemedyError{What: fmt.Sprintf("the %d bytes have sha256 %s, not %s; nothing was kept", t.have, sum, t.SHA256),
			Remedy: "correct the hash, or have the server give the right file"}, t.drop())
	}
	err := errors.Join(t.file.Sync(), t.file.Close())
	t.file = nil
	if err == nil {
		err = t.keep(sum)
	}
	if err != nil {
		return Got{}, errors.Join(err, t.drop())
	}
	return Got{SHA256: sum, ETag: t.said, Resumed: t.resumed}, t.drop()
}

func (t *transfer) keep(sum string) error {
	if t.Keep != nil {
		return t.Keep(t.part, sum)
	}
	return os.Rename(t.part, filepath.Join(t.Dir, sum))
}

// short names a text in a file's name.
func short(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// turns are what is under way in this process: catalogues come and go with every reload, and the parts in their
// folder stay the same ones.
var turns = struct {
	sync.Mutex
	taken map[string]chan struct{} // closed when free again
}{taken: map[string]chan struct{}{}}

// Turn waits until nobody else of this process has the turn of this key, which release ends.
func Turn(ctx context.Context, key string) (release func(), err error) {
	for {
		turns.Lock()
		busy, under := turns.taken[key]
		if !under {
			mine := make(chan struct{})
			turns.taken[key] = mine
			turns.Unlock()
			return func() {
				turns.Lock()
				delete(turns.taken, key)
				turns.Unlock()
				close(mine)
			}, nil
		}
		turns.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
