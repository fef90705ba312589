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

// stream downloads, hashes and unpacks; pour writes.
func (l *liveRun) stream(ctx context.Context, a artifact, pour func(r io.Reader) error) error {
	return l.fetch(ctx, a.path, func(body io.Reader) error {
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
		if err := pour(unpacked); err != nil {
			return err
		}
		return arrived(a, body, sum, unpacked)
	})
}

// fetch has use read what a path gives. A server that sends nothing for stallWithin is given up; a slow one is not.
func (l *liveRun) fetch(ctx context.Context, path string, use func(body io.Reader) error) error {
	fetching, cancel := context.WithCancel(ctx)
	defer cancel()
	stall := l.b.cfg.patience(stallWithin)
	watchdog := time.AfterFunc(stall, cancel)
	defer watchdog.Stop()
	res, err := l.open(fetching, path)
	if err != nil {
		return errTransfer
	}
	defer func() { _ = res.Body.Close() }() // read to its end, or given up
	return use(readerFunc(func(p []byte) (int, error) {
		watchdog.Reset(stall)
		defer watchdog.Stop() // from here on it is waited for the card
		return res.Body.Read(p)
	}))
}

// readerFunc is a Read.
type readerFunc func(p []byte) (int, error)

// Read implements io.Reader.
func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// open asks each server in turn for bytes.
func (l *liveRun) open(ctx context.Context, path string) (*http.Response, error) {
	err := errTransfer
	for _, base := range l.s.urls {
		req, bad := http.NewRequestWithContext(ctx, http.MethodGet, base+"/"+path, nil)
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

// pour writes all of an artifact to the card.
func (l *liveRun) pour(ctx context.Context, a artifact, at int64, r io.Reader) error {
	if _, err := io.CopyN(io.Discard, r, a.skip); err != nil {
		return errTransfer
	}
	p := l.put(a, at, a.length)
	buf := make([]byte, min(chunk, a.length))
	for pos := int64(0); pos < a.length; {
		n, err := io.ReadFull(r, buf[:min(chunk, a.length-pos)])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return errTransfer
		}
		if err := p.write(ctx, pos, buf[:n]); err != nil {
			return err
		}
		pos += int64(n)
	}
	return p.end()
}

// putting is one pass of writing to the card: with the pace of a card, telling how far it is, until chance breaks it half
// way, so that the card is half written.
type putting struct {
	l         *liveRun
	a         artifact
	at        int64 // on the card
	done, all int64 // bytes
	breaks    Breaks
}

func (l *liveRun) put(a artifact, at, all int64) *putting {
	p := &putting{l: l, a: a, at: at, all: all, breaks: l.b.breaks(AtWrite)}
	if p.breaks == SaysNothing {
		_ = l.b.happens(AtWrite, p.breaks) // goes on, without progress
	}
	return p
}

// write writes to the card from a byte of the artifact on.
func (p *putting) write(ctx context.Context, pos int64, data []byte) error {
	for len(data) > 0 {
		n := min(chunk, len(data))
		if _, err := p.l.b.card.f.WriteAt(data[:n], p.at+pos); err != nil {
			return p.l.fail(ctx, "card", err.Error())
		}
		pos, data = pos+int64(n), data[n:]
		p.done += int64(n)
		if err := p.end(); err != nil {
			return err
		}
		p.l.b.sleep(ctx, p.l.b.cfg.Times.Write*time.Duration(n)/(1<<20))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := p.l.progress(ctx, p.a, p.done, p.all, p.breaks != SaysNothing); err != nil {
			return err
		}
	}
	return nil
}

// end is what chance makes of a pass that is half done, or that has nothing to write.
func (p *putting) end() error {
	if how := p.breaks; (how == Hangs || how == Resets) && 2*p.done >= p.all {
		p.breaks = ""
		return p.l.b.happens(AtWrite, how)
	}
	return nil
}

// progress reports bytes, now and then; said is false where chance lets the reports get lost.
func (l *liveRun) progress(ctx context.Context, a artifact, done, all int64, said bool) error {
	if time.Since(l.reported) < l.b.cfg.scale(reportEvery) && done < all || !said {
		return nil
	}
	l.reported = time.Now()
	l.b.tell(Event{What: Writing, Done: done, Total: all, Text: a.name})
	path := "progress?artifact=" + url.QueryEscape(a.name) + "&done=" + strconv.FormatInt(done, 10) + "&total=" + strconv.FormatInt(all, 10)
	if l.ask(ctx, path) == http.StatusGone {
		l.b.event(BootOver, "progress")
		return errOver
	}
	return nil
}
