package boardsim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"
)

// runLive is the live environment: it fetches the second stage and does what it says.
func (b *Board) runLive(ctx context.Context, from string) error {
	broken := b.broken(AtLive)
	if broken != nil && !errors.Is(broken, errMute) {
		return broken
	}
	text, err := b.fetchStage(ctx, from)
	if err != nil {
		return err
	}
	s, err := parseStage(text)
	if err != nil {
		b.event(Fault, err.Error())
		return errReset
	}
	b.event(LiveUp, s.image)
	b.syslog(s.syslog, "second stage of image "+s.image)
	l := &liveRun{b: b, s: s}
	if broken == nil { // else the report is lost; that the second stage was read says as much
		if err := l.report(ctx, "mobile_init_started", nil); err != nil {
			return err
		}
	}
	switch s.does {
	case maintains:
		return l.maintain(ctx)
	case tests:
		return l.test(ctx)
	case installs:
	}
	return l.install(ctx)
}

// fetchStage asks for the second stage until it is there, whole.
func (b *Board) fetchStage(ctx context.Context, from string) (string, error) {
	var text string
	err := b.again(ctx, func() (bool, error) {
		status, body := b.get(ctx, from)
		text = body
		if status == http.StatusGone {
			b.event(BootOver, "second stage")
			return false, errOver
		}
		return status == http.StatusOK && whole(body), nil
	})
	return text, err
}

// again repeats do, with growing pauses, until it says that it is done, fails, or the power goes. After giveUpAfter the
// board reboots to its card.
func (b *Board) again(ctx context.Context, do func() (bool, error)) error {
	pause, since := b.cfg.Times.Retry, time.Now()
	for {
		done, err := do()
		if done || err != nil {
			return err
		}
		b.sleep(ctx, pause)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(since) > b.cfg.patience(giveUpAfter) {
			b.event(GaveUp, "")
			return errReset
		}
		pause = min(2*pause, 30*b.cfg.Times.Retry)
	}
}

const maxAnswer = 1 << 20

// get asks for a small answer. Status 0: there was none.
func (b *Board) get(ctx context.Context, url string) (int, string) {
	ctx, cancel := context.WithTimeout(ctx, b.cfg.patience(answerWithin))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err.Error()
	}
	res, err := b.client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }() // read to its end, or given up
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(body)
}

// liveRun is one run of a second stage.
type liveRun struct {
	b        *Board
	s        stage
	results  []string // what rebooting reports
	kept     int64    // bytes that the card had, likewise
	writing  bool     // between the gate and a good read-back
	cutShort bool     // the next transfer breaks off
	reported time.Time
}

// report sends an event until it is acknowledged. writing is the gate: only 200 opens it.
func (l *liveRun) report(ctx context.Context, event string, query url.Values) error {
	path := "event/" + event
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return l.b.again(ctx, func() (bool, error) {
		switch status := l.ask(ctx, path); {
		case status == http.StatusOK, status == http.StatusConflict && event != "writing":
			return true, nil
		case status == http.StatusGone:
			l.b.event(BootOver, event)
			return false, errOver
		}
		return false, nil
	})
}

// fail reports what is broken, and stays up to be looked at.
func (l *liveRun) fail(ctx context.Context, part, text string) error {
	l.writing = false // what happens from here on happens to a board that has given up
	l.b.event(Fault, part+": "+text)
	if err := l.report(ctx, "failed", url.Values{"part": {part}, "text": {text}}); err != nil {
		return err
	}
	return errHang
}

// maintain stays up until its boot is over.
func (l *liveRun) maintain(ctx context.Context) error {
	for first := true; ; first = false {
		if err := l.report(ctx, "maintenance_up", nil); err != nil {
			return err
		}
		if first {
			l.b.event(Maintaining, "")
		}
		l.b.sleep(ctx, time.Minute)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// test is the self-test: it looks at the card and says how it was.
func (l *liveRun) test(ctx context.Context) error {
	if err := l.report(ctx, "self_test_running", nil); err != nil {
		return err
	}
	l.b.event(Testing, "")
	if err := l.b.broken(AtWrite); errors.Is(err, errHang) || errors.Is(err, errReset) {
		return err
	}
	l.b.sleep(ctx, l.b.cfg.Times.Test)
	if _, err := l.b.card.sum(0, l.b.card.size); err != nil {
		return l.fail(ctx, "card", err.Error())
	}
	return l.report(ctx, "self_test_ok", url.Values{"text": {"card " + strconv.FormatInt(l.b.card.size, 10)}})
}

// callUp is what an image with a callback does when it runs: it tells the server by source address.
func (b *Board) callUp(ctx context.Context, image string) {
	_ = b.again(ctx, func() (bool, error) { // ends with the power at the latest
		server, port := b.cfg.where()
		status, _ := b.get(ctx, "http://"+net.JoinHostPort(server.Addr().String(), strconv.Itoa(port))+"/up?image="+url.QueryEscape(image))
		return status == http.StatusOK, nil
	})
}

// syslog sends a line as busybox' logger does: RFC 3164 without host name. Lost is lost.
func (b *Board) syslog(to, text string) {
	server, err := netip.ParseAddrPort(to)
	if err != nil {
		return // a second stage without a syslog server
	}
	conn, err := b.udpFrom()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }() // nothing was buffered
	_, _ = conn.WriteToUDPAddrPort(fmt.Appendf(nil, "<134>%s mozpool: %s", time.Now().Format(time.Stamp), text), server)
}
