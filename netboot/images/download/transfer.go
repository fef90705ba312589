package download

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"mozpool/persistence/strictyaml"
)

// transfer is one Get under way.
type transfer struct {
	*Fetcher
	Wanted
	key     string // how its files' names begin
	part    string // name of the file that is not whole yet
	file    *os.File
	sum     hash.Hash
	have    int64  // bytes of the file that were written and hashed
	noted   int64  // of them safely on the disk
	etag    string // strong, of what is in the file; empty: it cannot be gone on with
	said    string // the ETag of the last answer, strong or not
	resumed int64
}

// goneError says that the server does not have the rest that was asked for.
type goneError struct{}

func (*goneError) Error() string { return "the server has no such rest" }

// ask asks for what is missing, and takes it; unchanged: there is nothing to take.
func (t *transfer) ask(ctx context.Context) (unchanged bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := newWatch(t.Patience, cancel)
	defer watch.Stop()
	req, err := t.request(ctx)
	if err != nil {
		return false, err
	}
	client := t.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return false, &BrokenError{t.have, reason(ctx, err)}
	}
	defer func() { _ = resp.Body.Close() }() // read to its end, or given up
	if unchanged, err = t.begin(resp); unchanged || err != nil {
		return unchanged, err
	}
	return false, t.take(ctx, resp.Body, watch)
}

func (t *transfer) request(ctx context.Context) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.URL, nil)
	if err != nil {
		return nil, err
	}
	// Else the client asks for gzip and unpacks it unseen, and ranges count other bytes than those that came.
	req.Header.Set("Accept-Encoding", "identity")
	switch {
	case t.have > 0:
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", t.have))
		req.Header.Set("If-Range", t.etag)
	case t.ETag != "":
		req.Header.Set("If-None-Match", t.ETag)
	}
	return req, nil
}

// begin looks at an answer before its body is read.
func (t *transfer) begin(resp *http.Response) (unchanged bool, err error) {
	switch resp.StatusCode {
	case http.StatusNotModified:
		if t.ETag != "" && t.have == 0 {
			return true, nil
		}
		return false, &StatusError{resp.Status}
	case http.StatusPartialContent:
		if t.have == 0 || !goesOn(resp.Header.Get("Content-Range"), t.have) || strong(resp.Header.Get("ETag")) != t.etag {
			return false, &goneError{}
		}
	case http.StatusRequestedRangeNotSatisfiable:
		return false, &goneError{}
	case http.StatusOK:
		if err := t.restart(strong(resp.Header.Get("ETag"))); err != nil {
			return false, err
		}
	default:
		return false, &StatusError{resp.Status}
	}
	t.said = resp.Header.Get("ETag")
	if t.Most > 0 && resp.ContentLength > t.Most-t.have {
		return false, t.tooLarge()
	}
	return false, t.room(resp.ContentLength)
}

// take writes and hashes what comes, to its end.
func (t *transfer) take(ctx context.Context, body io.Reader, watch *watch) error {
	buf := make([]byte, 256<<10)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			watch.Moved()
			if werr := t.write(buf[:n]); werr != nil {
				return werr
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return &BrokenError{t.have, reason(ctx, err)}
		}
	}
}

func (t *transfer) write(p []byte) error {
	if t.Most > 0 && t.have+int64(len(p)) > t.Most {
		return t.tooLarge()
	}
	if _, err := t.file.WriteAt(p, t.have); err != nil {
		return err
	}
	_, _ = t.sum.Write(p) // a hash takes everything
	t.have += int64(len(p))
	if t.have-t.noted < noteEvery {
		return nil
	}
	if err := t.room(-1); err != nil {
		return err
	}
	return t.pause()
}

func (t *transfer) room(size int64) error {
	if t.Room == nil {
		return nil
	}
	return t.Room(size)
}

func (t *transfer) tooLarge() error {
	return &strictyaml.RemedyError{What: "it is larger than " + strictyaml.Size(t.Most).String(), Remedy: "is it the right file?"}
}

// strong is an ETag that stands for bytes; empty: a weak one, or none.
func strong(etag string) string {
	if strings.HasPrefix(etag, `"`) {
		return etag
	}
	return ""
}

// goesOn tells whether a range begins there: "bytes 5-9/10".
func goesOn(contentRange string, from int64) bool {
	rest, ok := strings.CutPrefix(contentRange, "bytes ")
	first, _, ok2 := strings.Cut(rest, "-")
	n, err := strconv.ParseInt(first, 10, 64)
	return ok && ok2 && err == nil && n == from
}

// reason is why a transfer ended: silence, if that ended it.
func reason(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil {
		return cause
	}
	return err
}

// watch ends what nothing comes of.
type watch struct {
	*time.Timer
	limit time.Duration
}

func newWatch(limit time.Duration, end context.CancelCauseFunc) *watch {
	if limit == 0 {
		limit = patience
	}
	silent := fmt.Errorf("nothing came for %s", limit)
	return &watch{time.AfterFunc(limit, func() { end(silent) }), limit}
}

// Moved gives it the whole time again.
func (w *watch) Moved() { w.Reset(w.limit) }
