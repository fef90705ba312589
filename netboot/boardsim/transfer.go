package boardsim

import (
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ulikunitz/xz"
)

const (
	chunk       = 256 << 10
	reportEvery = time.Second // scaled
)

// Ways in which a transfer ends badly; both are begun again.
var (
	errTransfer = errors.New("the transfer broke off")
	errOther    = errors.New("something else arrived than the image names")
)

// stream downloads, hashes, unpacks and writes. A server that sends nothing for stallWithin is given up.
func (l *liveRun) stream(ctx context.Context, a artifact, at int64) error {
	fetching, cancel := context.WithCancel(ctx)
	defer cancel()
	stall := l.b.cfg.patience(stallWithin)
	watchdog := time.AfterFunc(stall, cancel)
	defer watchdog.Stop()
	res, err := l.open(fetching, a)
	if err != nil {
		return errTransfer
	}
	defer func() { _ = res.Body.Close() }() // read to its end, or given up
	var body io.Reader = res.Body
	if l.cutShort {
		l.cutShort = false
		l.b.event(Fault, "the transfer breaks off")
		body = io.LimitReader(body, a.size/2)
	}
	sum := sha256.New()
	unpacked, err := unpack(a.pack, bufio.NewReader(io.TeeReader(body, sum)))
	if err != nil {
		return errTransfer
	}
	if err := l.pour(ctx, a, at, unpacked, func() { watchdog.Reset(stall) }); err != nil {
		return err
	}
	return arrived(a, body, sum, unpacked)
}

// open asks each server in turn for an artifact's bytes.
func (l *liveRun) open(ctx context.Context, a artifact) (*http.Response, error) {
	err := errTransfer
	for _, base := range l.s.urls {
		req, bad := http.NewRequestWithContext(ctx, http.MethodGet, base+"/"+a.path, nil)
		if bad != nil {
			return nil, bad
		}
		var res *http.Response
		if res, err = l.b.client.Do(req); err != nil {
			continue
		}
		if res.StatusCode == http.StatusOK {
			return res, nil
		}
		_ = res.Body.Close() // its text is not used
		err = fmt.Errorf("%w: %s", errTransfer, res.Status)
	}
	return nil, err
}

// arrived reads what is left and compares the whole.
func arrived(a artifact, body io.Reader, sum hash.Hash, unpacked io.Reader) error {
	if _, err := io.Copy(io.Discard, unpacked); err != nil {
		return errTransfer
	}
	if _, err := io.Copy(sum, body); err != nil {
		return errTransfer
	}
	if hex.EncodeToString(sum.Sum(nil)) != a.sha256 {
		return errOther
	}
	return nil
}

func unpack(pack string, r io.Reader) (io.Reader, error) {
	switch pack {
	case "":
		return r, nil
	case "gz":
		return gzip.NewReader(r)
	case "xz":
		return xz.NewReader(r)
	case "bz2":
		return bzip2.NewReader(r), nil
	}
	return nil, fmt.Errorf("a simulated board does not unpack %q", pack)
}

// pour writes to the card, with the pace of a card, and reports how far it is. alive is called for each chunk.
func (l *liveRun) pour(ctx context.Context, a artifact, at int64, r io.Reader, alive func()) error {
	if _, err := io.CopyN(io.Discard, r, a.skip); err != nil {
		return errTransfer
	}
	breaks := l.b.breaks(AtWrite) // half way, so that the card is half written
	if breaks == SaysNothing {
		_ = l.b.happens(AtWrite, breaks) // goes on, without progress
	}
	buf := make([]byte, min(chunk, a.length))
	for done := int64(0); done < a.length; {
		n, err := io.ReadFull(r, buf[:min(chunk, a.length-done)])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return errTransfer
		}
		alive()
		if _, err := l.b.card.f.WriteAt(buf[:n], at+done); err != nil {
			return l.fail(ctx, "card", err.Error())
		}
		done += int64(n)
		if (breaks == Hangs || breaks == Resets) && 2*done >= a.length {
			return l.b.happens(AtWrite, breaks)
		}
		l.b.sleep(ctx, l.b.cfg.Times.Write*time.Duration(n)/(1<<20))
		if err := l.progress(ctx, a, done, breaks != SaysNothing); err != nil {
			return err
		}
	}
	return nil
}

// progress reports bytes, now and then; said is false where chance lets the reports get lost.
func (l *liveRun) progress(ctx context.Context, a artifact, done int64, said bool) error {
	if time.Since(l.reported) < l.b.cfg.scale(reportEvery) && done < a.length || !said {
		return nil
	}
	l.reported = time.Now()
	l.b.tell(Event{What: Writing, Done: done, Total: a.length, Text: a.name})
	path := "progress?artifact=" + url.QueryEscape(a.name) + "&done=" + strconv.FormatInt(done, 10) + "&total=" + strconv.FormatInt(a.length, 10)
	if l.ask(ctx, path) == http.StatusGone {
		l.b.event(BootOver, "progress")
		return errOver
	}
	return nil
}
