package netboot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/leodido/go-syslog/v4/rfc5424"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/persistence"
)

const (
	syslogBuffer = 16 << 20 // of the kernel, for the lines of a whole rack at once
	maxLine      = 8 << 10
)

// serveSyslog takes lines by UDP until ctx ends. Boards are known by their source address; names are not looked up.
func (s *Server) serveSyslog(ctx context.Context) error {
	s.raiseBuffer(s.syslog, "syslog", syslogBuffer)
	if err := countLoss(s.syslog); err != nil {
		s.log.Info("syslog: lines that the kernel drops are not counted", "error", err)
	}
	space := receiveBuffer(s.syslog)
	conn, err := unwatch(s.syslog)
	if err != nil {
		return fmt.Errorf("syslog: %w", err)
	}
	defer func() { _ = conn.Close() }() // was only read
	defer context.AfterFunc(ctx, conn.Stop)()
	for in := newInbox(conn, space); ; {
		lost, err := in.next(s.takeLine)
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("syslog: %w", err)
		}
		s.syslogCount.overflowed(lost)
	}
}

// takeLine stores a line of a board; others are dropped, for nobody could find them again.
func (s *Server) takeLine(data []byte, from netip.Addr) {
	v := s.byAddress(from)
	if v == nil {
		s.syslogCount.stranger()
		return
	}
	if s.cfg.Logs == nil {
		return
	}
	now := s.cfg.Clock()
	l := parseLine(data, now)
	l.Board, l.At, l.Source, l.Text = v.Spec.Name, now, "syslog", board.CutTokens(l.Text)
	if s.cfg.Logs.Append(l) {
		s.syslogCount.stored()
	} else {
		s.syslogCount.dropped()
	}
	if s.heard.first(v.Spec.ID, now) {
		s.cfg.Boards.Tell(v.Spec.ID, actors.Evidence{Input: board.Input{Kind: board.LineLogged, Text: l.Text}})
	}
}

// parseLine reads RFC 5424 and RFC 3164; of garbage the text is kept. Busybox sends RFC 3164 without a host name, which
// parsers of that format take the tag for, so only priority and time are taken off here, and tag and text stay one.
func parseLine(data []byte, now time.Time) persistence.Line {
	l := persistence.Line{Severity: 6}
	text := strings.TrimRight(string(data), "\x00\r\n")
	if !plain(text) {
		text = strings.ToValidUTF8(text, "�")
	}
	pri, rest, ok := cutPriority(text)
	if !ok {
		l.Text = printable(text)
		return l
	}
	l.Severity = pri % 8
	if strings.HasPrefix(rest, "1 ") {
		if m, err := rfc5424.NewParser(rfc5424.WithBestEffort()).Parse(data); m != nil && (err == nil || m.Valid()) {
			if sm, ok := m.(*rfc5424.SyslogMessage); ok && sm.Message != nil {
				return from5424(l, sm)
			}
		}
	}
	if len(rest) > len(time.Stamp) && rest[len(time.Stamp)] == ' ' {
		if at, err := time.ParseInLocation(time.Stamp, rest[:len(time.Stamp)], time.UTC); err == nil {
			l.BoardAt = nearestYear(at, now)
			rest = rest[len(time.Stamp)+1:]
		}
	}
	l.Text = printable(rest)
	return l
}

// halfYear is less than the half of any year: what is closer to now than this has no closer namesake.
const halfYear = 180 * 24 * time.Hour

// nearestYear gives a stamp, which is sent without one, the year that brings it closest to now: a line of December may
// come in January, and a board whose clock is ahead sends January in December.
func nearestYear(at, now time.Time) time.Time {
	best := at.AddDate(now.UTC().Year(), 0, 0)
	if best.Sub(now).Abs() < halfYear {
		return best
	}
	for _, year := range []int{now.UTC().Year() - 1, now.UTC().Year() + 1} {
		if t := at.AddDate(year, 0, 0); t.Sub(now).Abs() < best.Sub(now).Abs() {
			best = t
		}
	}
	return best
}

func from5424(l persistence.Line, m *rfc5424.SyslogMessage) persistence.Line {
	text := *m.Message
	if m.Appname != nil {
		text = *m.Appname + ": " + text
	}
	if m.Timestamp != nil {
		l.BoardAt = *m.Timestamp
	}
	l.Text = printable(strings.TrimRight(strings.ReplaceAll(text, "\ufeff", ""), "\x00\r\n"))
	return l
}

// cutPriority reads <N> at the start, N up to 191.
func cutPriority(text string) (int, string, bool) {
	end := strings.IndexByte(text, '>')
	if !strings.HasPrefix(text, "<") || end < 2 || end > 4 {
		return 0, text, false
	}
	n, err := strconv.Atoi(text[1:end])
	if err != nil || n < 0 || n > 191 {
		return 0, text, false
	}
	return n, text[end+1:], true
}

// plain says that a text is what nearly all lines are: printable ASCII.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return true
}

// printable makes one line of any text.
func printable(text string) string {
	if plain(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r == utf8.RuneError {
			return '?'
		}
		return r
	}, text)
}
