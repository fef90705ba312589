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
	"strings"
	"time"
)

const (
	chunk       = 256 << 10
	reportEvery = time.Second // scaled
)

// install does the mp_writes of the body, reads back, and reboots to the card.
func (l *liveRun) install(ctx context.Context) error {
	defer func() {
		if l.writing {
			l.b.event(CutInWrite, "")
		}
	}()
	if err := l.tellDownloading(ctx); err != nil {
		return err
	}
	if len(l.s.writes) == 0 {
		return l.fail(ctx, "image", "a simulated board understands mp_write only")
	}
	for _, w := range l.s.writes {
		if err := l.write(ctx, w); err != nil {
			return err
		}
	}
	if !l.s.reboots {
		return l.fail(ctx, "image", "the script ended before mp_reboot")
	}
	if err := l.report(ctx, "rebooting", url.Values{"readback": {strings.Join(l.results, ",")}}); err != nil {
		return err
	}
	l.writing = false
	l.b.event(Rebooting, "")
	if err := l.b.broken(AtReboot); err != nil {
		return err
	}
	return errReset
}

// tellDownloading reports that the download begins; where chance wants it so, the report is lost.
func (l *liveRun) tellDownloading(ctx context.Context) error {
	l.b.event(Downloading, "")
	err := l.b.broken(AtDownload)
	switch {
	case errors.Is(err, errHang), errors.Is(err, errReset):
		return err
	case errors.Is(err, errMute):
		return nil
	case errors.Is(err, errBreaksOff):
		l.quiet = true // the first transfer breaks off
	}
	return l.report(ctx, "downloading", nil)
}

// write is one mp_write: through the gate, in a stream, until the artifact has arrived whole; then read back.
func (l *liveRun) write(ctx context.Context, w write) error {
	a, ok := l.s.artifacts[w.artifact]
	if !ok {
		return l.fail(ctx, "image", "there is no artifact "+w.artifact)
	}
	at, err := l.b.card.start(w.partition)
	if err != nil {
		return l.fail(ctx, "card", err.Error())
	}
	if at+a.length > l.b.card.size {
		return l.fail(ctx, "card", fmt.Sprintf("%d bytes do not fit a card of %d", a.length, l.b.card.size))
	}
	err = l.b.again(ctx, func() (bool, error) {
		if err := l.report(ctx, "writing", url.Values{"step": {a.name}}); err != nil {
			return false, err
		}
		if !l.writing {
			l.writing = true
			l.b.event(Writing, a.name)
		}
		err := l.stream(ctx, a, at)
		if errors.Is(err, errTransfer) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return err
	}
	return l.readBack(ctx, a, at)
}

var errTransfer = errors.New("the transfer broke off")

// stream downloads, hashes, unpacks and writes.
func (l *liveRun) stream(ctx context.Context, a artifact, at int64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	res, err := l.open(ctx, a)
	if err != nil {
		return errTransfer
	}
	defer func() { _ = res.Body.Close() }() // read to its end, or given up
	var body io.Reader = res.Body
	if l.quiet {
		l.quiet = false
		l.b.event(Fault, "the transfer breaks off")
		body = io.LimitReader(body, a.size/2)
	}
	sum := sha256.New()
	unpacked, err := unpack(a.pack, bufio.NewReader(io.TeeReader(body, sum)))
	if err != nil {
		return errTransfer
	}
	if err := l.pour(ctx, a, at, unpacked); err != nil {
		return err
	}
	return arrived(a, body, sum, unpacked)
}

// open asks for an artifact's bytes.
func (l *liveRun) open(ctx context.Context, a artifact) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.s.urls[0]+"/"+a.path, nil)
	if err != nil {
		return nil, err
	}
	res, err := l.b.client.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		_ = res.Body.Close() // its text is not used
		return nil, errTransfer
	}
	return res, nil
}

// arrived reads what is left and compares the whole.
func arrived(a artifact, body io.Reader, sum hash.Hash, unpacked io.Reader) error {
	if _, err := io.Copy(io.Discard, unpacked); err != nil {
		return errTransfer
	}
	if _, err := io.Copy(sum, body); err != nil || hex.EncodeToString(sum.Sum(nil)) != a.sha256 {
		return errTransfer
	}
	return nil
}

func unpack(pack string, r io.Reader) (io.Reader, error) {
	switch pack {
	case "":
		return r, nil
	case "gz":
		return gzip.NewReader(r)
	case "bz2":
		return bzip2.NewReader(r), nil
	}
	return nil, fmt.Errorf("a simulated board does not unpack %s", pack)
}

// pour writes to the card, with the pace of a card, and reports how far it is.
func (l *liveRun) pour(ctx context.Context, a artifact, at int64, r io.Reader) error {
	if _, err := io.CopyN(io.Discard, r, a.skip); err != nil {
		return errTransfer
	}
	breaks := l.b.broken(AtWrite)
	buf := make([]byte, chunk)
	for done := int64(0); done < a.length; {
		n, err := io.ReadFull(r, buf[:min(chunk, a.length-done)])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return errTransfer
		}
		if _, err := l.b.card.f.WriteAt(buf[:n], at+done); err != nil {
			return l.fail(ctx, "card", err.Error())
		}
		done += int64(n)
		if done > a.length/2 && (errors.Is(breaks, errHang) || errors.Is(breaks, errReset)) {
			return breaks
		}
		l.b.sleep(ctx, l.b.cfg.Times.Write*time.Duration(n)/(1<<20))
		if err := l.progress(ctx, a, done, "", !errors.Is(breaks, errMute)); err != nil {
			return err
		}
	}
	return nil
}

// progress reports bytes, now and then.
func (l *liveRun) progress(ctx context.Context, a artifact, done int64, step string, really bool) error {
	if time.Since(l.reported) < l.b.cfg.scale(reportEvery) && done < a.length || !really {
		return nil
	}
	l.reported = time.Now()
	l.b.tell(Event{What: Writing, Done: done, Total: a.length, Text: a.name})
	path := "progress?artifact=" + url.QueryEscape(a.name) + "&done=" + strconv.FormatInt(done, 10) + "&total=" + strconv.FormatInt(a.length, 10)
	if step != "" {
		path += "&step=" + step
	}
	if l.ask(ctx, path) == http.StatusGone {
		l.b.event(BootOver, "progress")
		return errOver
	}
	return nil
}

// readBack compares the card with what the artifact unpacks to.
func (l *liveRun) readBack(ctx context.Context, a artifact, at int64) error {
	sum := "-"
	if l.s.readback != "off" {
		got, err := l.b.card.sum(at, a.length)
		if err != nil {
			return l.fail(ctx, "card", err.Error())
		}
		if got != a.unpacked {
			return l.fail(ctx, "card", "not what was written")
		}
		sum = got
	}
	mode := l.s.readback
	if mode == "sampled" {
		mode = "full" // this card is small enough
	}
	l.results = append(l.results, a.name+":"+mode+":"+sum)
	l.b.event(Written, a.name)
	l.b.syslog(l.s.syslog, "artifact "+a.name+" is on the card (read back: "+mode+")")
	return nil
}
