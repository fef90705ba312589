package boardsim

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// block is one line of an artifact's list: what is to be on the card from pos on, in bytes from the artifact's begin.
type block struct {
	pos, size int64
	sha256    string
	zeros     bool
}

// A card that has less than a quarter of these blocks, spread over it, is written in full.
const (
	glances    = 16
	worthwhile = 4
)

// compare reads the card along the artifact's list of blocks, as the library of real boards does, and gives those that
// differ; ok is false where there is no list, or the card has too little of it.
func (l *liveRun) compare(ctx context.Context, a artifact, at int64) (differs []block, ok bool, err error) {
	if a.blocks == "" || a.blockSize <= 0 {
		return nil, false, nil
	}
	text, err := l.small(ctx, a.blocks)
	if err != nil || hexSum([]byte(text)) != a.blocksSHA256 {
		l.b.syslog(l.s.syslog, "artifact "+a.name+": no list of blocks, writing it in full")
		return nil, false, ctx.Err()
	}
	list := parseBlocks(text, a)
	if worth, err := l.worthIt(list, at); err != nil || !worth {
		return nil, false, err
	}
	var left int64
	for _, b := range list {
		same, err := l.same(b, at)
		if err != nil {
			return nil, false, err
		}
		if !same {
			differs = append(differs, b)
			left += b.size
		}
		l.b.sleep(ctx, l.b.cfg.Times.Write/4*time.Duration(b.size)/(1<<20)) // a card is read faster than it is written
		if err := l.compared(ctx, a, b.pos+b.size); err != nil {
			return nil, false, err
		}
	}
	l.kept += a.length - left
	l.b.tell(Event{What: Compared, Text: a.name, Done: a.length - left, Total: a.length})
	l.b.syslog(l.s.syslog, fmt.Sprintf("artifact %s: %d of %d bytes differ on the card", a.name, left, a.length))
	return differs, true, ctx.Err()
}

// compared reports how far the comparison is, now and then: a card of gigabytes takes minutes.
func (l *liveRun) compared(ctx context.Context, a artifact, done int64) error {
	if time.Since(l.reported) < l.b.cfg.scale(reportEvery) {
		return nil
	}
	l.reported = time.Now()
	path := fmt.Sprintf("progress?artifact=%s&step=compare&done=%d&total=%d", url.QueryEscape(a.name), done, a.length)
	if l.ask(ctx, path) == http.StatusGone {
		l.b.event(BootOver, "progress")
		return errOver
	}
	return nil
}

// parseBlocks reads a list whose hash is right.
func parseBlocks(text string, a artifact) (list []block) {
	for line := range strings.Lines(text) {
		sum, zero, _ := strings.Cut(strings.TrimSpace(line), " ")
		pos := int64(len(list)) * a.blockSize
		list = append(list, block{pos, min(a.blockSize, a.length-pos), sum, zero == "0"})
	}
	return list
}

// worthIt glances at the card.
func (l *liveRun) worthIt(list []block, at int64) (bool, error) {
	if len(list) <= glances {
		return true, nil
	}
	have := 0
	for i := range glances {
		same, err := l.same(list[i*len(list)/glances], at)
		if err != nil {
			return false, err
		}
		if same {
			have++
		}
	}
	return have >= worthwhile, nil
}

// same says whether the card has a block.
func (l *liveRun) same(b block, at int64) (bool, error) {
	sum, err := l.b.card.sum(at+b.pos, b.size)
	return sum == b.sha256, err
}

// small fetches what fits into memory from each server in turn.
func (l *liveRun) small(ctx context.Context, path string) (string, error) {
	err := errTransfer
	for _, base := range l.s.urls {
		status, text := l.b.get(ctx, base+"/"+path)
		if status == http.StatusOK {
			return text, nil
		}
		err = fmt.Errorf("%w: %d", errTransfer, status)
	}
	return "", err
}

// writeChanged writes what differs: few blocks of a plain artifact are fetched one by one, and so is nothing; else all of
// it comes, and what the card has is passed over.
func (l *liveRun) writeChanged(ctx context.Context, a artifact, at int64, differs []block) error {
	var left int64
	for _, b := range differs {
		left += b.size
	}
	if left > 0 && (a.pack != "" || 2*left > a.length) {
		return l.stream(ctx, a, func(r io.Reader) error { return l.pourChanged(ctx, a, at, left, differs, r) })
	}
	p := l.put(a, at, left)
	for _, b := range differs {
		data, err := l.fetchBlock(ctx, a, b)
		if err != nil {
			return err
		}
		if err := p.write(ctx, b.pos, data); err != nil {
			return err
		}
	}
	return p.end()
}

// fetchBlock gives a block as the list has it; zeros need no fetching.
func (l *liveRun) fetchBlock(ctx context.Context, a artifact, b block) ([]byte, error) {
	if b.zeros {
		return make([]byte, b.size), nil
	}
	for range 2 {
		data, err := l.whole(ctx, a.blocks+"/"+strconv.FormatInt(b.pos/a.blockSize, 10), b.size)
		if err != nil || hexSum(data) == b.sha256 {
			return data, err
		}
	}
	return nil, l.fail(ctx, "server", "a block of "+a.name+" arrived twice with another sha256 than the list names")
}

// whole fetches exactly so many bytes.
func (l *liveRun) whole(ctx context.Context, path string, size int64) (data []byte, err error) {
	err = l.fetch(ctx, path, func(body io.Reader) error {
		if data, err = io.ReadAll(io.LimitReader(body, size+1)); err != nil || int64(len(data)) != size {
			return errTransfer
		}
		return nil
	})
	return data, err
}

// pourChanged writes from the whole artifact what differs, each block once it has the hash of the list.
func (l *liveRun) pourChanged(ctx context.Context, a artifact, at, left int64, differs []block, r io.Reader) error {
	if _, err := io.CopyN(io.Discard, r, a.skip); err != nil {
		return errTransfer
	}
	p := l.put(a, at, left)
	buf := make([]byte, min(a.blockSize, a.length))
	for pos := int64(0); pos < a.length; pos += a.blockSize {
		n, err := io.ReadFull(r, buf[:min(a.blockSize, a.length-pos)])
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return errTransfer
		}
		if len(differs) == 0 || differs[0].pos != pos {
			continue
		}
		if hexSum(buf[:n]) != differs[0].sha256 {
			return errTransfer
		}
		if err := p.write(ctx, pos, buf[:n]); err != nil {
			return err
		}
		differs = differs[1:]
	}
	return p.end()
}
