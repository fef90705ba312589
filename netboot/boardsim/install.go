package boardsim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
)

// install does what the body says, and keeps by the board's own record whether its card was cut half written. A board
// that hangs is cut when its power goes; one that was told to stop (410) or reported what is broken was not cut.
func (l *liveRun) install(ctx context.Context) error {
	err := l.doInstall(ctx)
	if !l.writing || errors.Is(err, errOver) {
		return err
	}
	if errors.Is(err, errHang) {
		<-ctx.Done()
	}
	l.b.event(CutInWrite, "")
	return err
}

// doInstall does the mp_writes of the body, reads back, and reboots to the card.
func (l *liveRun) doInstall(ctx context.Context) error {
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
	said := url.Values{"readback": {strings.Join(l.results, ",")}}
	if l.kept > 0 {
		said.Set("skipped", strconv.FormatInt(l.kept, 10))
	}
	if err := l.report(ctx, "rebooting", said); err != nil {
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
		l.cutShort = true
	}
	return l.report(ctx, "downloading", nil)
}

// write is one mp_write: what the card has not is written, through the gate, until it has arrived whole; then all is read back.
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
	differs, compared, err := l.compare(ctx, a, at)
	if err != nil {
		return err
	}
	wrong := 0
	err = l.b.again(ctx, func() (bool, error) {
		err := l.writeOnce(ctx, a, func() error {
			if compared {
				return l.writeChanged(ctx, a, at, differs)
			}
			return l.stream(ctx, a, func(r io.Reader) error { return l.pour(ctx, a, at, r) })
		})
		if errors.Is(err, errOther) {
			wrong++
		}
		switch {
		case wrong > 1:
			return false, l.fail(ctx, "image", "artifact "+a.name+" arrived twice with another sha256 than the image names")
		case errors.Is(err, errTransfer), errors.Is(err, errOther):
			l.elsewhere()
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return err
	}
	return l.readBack(ctx, a, at)
}

// writeOnce asks at the gate, then writes.
func (l *liveRun) writeOnce(ctx context.Context, a artifact, do func() error) error {
	if err := l.report(ctx, "writing", url.Values{"step": {a.name}}); err != nil {
		return err
	}
	if !l.writing {
		l.writing = true
		l.b.event(Writing, a.name)
	}
	return do()
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
