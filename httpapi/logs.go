package httpapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"mozpool/httpapi/span"
	v1 "mozpool/httpapi/v1"
	"mozpool/persistence"
)

var logSources = []string{"syslog", "statemachine", "relay", "api", "transfer", "console"}

const tailLines = 1000 // unless the client says how many

// boardLog shows a board's log: as JSON, or a line each for people; what is there, or with follow also what comes.
func (s *Server) boardLog(r *request) error {
	if _, err := s.find(r.name); err != nil {
		return err
	}
	f, err := s.logFilter(r)
	if err != nil {
		return err
	}
	follow, err := r.query.flag("follow")
	if err != nil {
		return err
	}
	all, err := r.query.flag("all")
	if err != nil {
		return err
	}
	text := wantsText(r.header("Accept"))
	if all && follow {
		return bad("send one of them", "all and follow exclude each other")
	}
	if all && !r.raw.IsHead() {
		return s.export(r, f, text)
	}
	if follow && !r.raw.IsHead() {
		return s.follow(r, f, text)
	}
	lines, missing, err := s.logLines(r, f)
	if err != nil {
		return err
	}
	if text {
		r.raw.SetContentType("text/plain; charset=utf-8")
		for _, l := range lines {
			_, _ = r.raw.WriteString(textLine(l)) // into memory
		}
		if len(missing) > 0 {
			_, _ = fmt.Fprintf(r.raw, "(lines of %s are missing: no answer)\n", strings.Join(missing, ", "))
		}
		return nil
	}
	log := v1.Log{Lines: make([]v1.Line, len(lines)), Missing: some(missing)}
	for i, l := range lines {
		log.Lines[i] = lineOf(l, 0)
	}
	return s.ok(r, log)
}

// logLines reads what fits, and names the servers that did not say what they have.
func (s *Server) logLines(r *request, f persistence.Filter) (lines []persistence.Line, missing []string, err error) {
	if s.cfg.Logs == nil {
		return nil, nil, nil
	}
	if all, ok := s.cfg.Logs.(SpreadLogs); ok {
		lines, missing, err = all.QueryAll(r.ctx, f)
	} else {
		lines, err = s.cfg.Logs.Query(r.ctx, f)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("log of board %s: %w", r.name, err)
	}
	return lines, missing, nil
}

func (s *Server) logFilter(r *request) (persistence.Filter, error) {
	f := persistence.Filter{Board: r.name, Source: r.query.text("source"), Text: r.query.text("text")}
	if f.Source != "" && !slices.Contains(logSources, f.Source) {
		return f, bad("use "+strings.Join(logSources, ", "), "%q is no source of log lines", f.Source)
	}
	var err error
	if f.Tail, err = r.query.number("tail", tailLines, persistence.MaxLines); err != nil {
		return f, err
	}
	if f.Below, err = readSeverity(r.query.text("severity")); err != nil {
		return f, err
	}
	if f.Since, err = readTime("since", r.query.text("since"), s.cfg.Clock(), span.MostDays); err != nil {
		return f, err
	}
	f.Until, err = readTime("until", r.query.text("until"), s.cfg.Clock(), span.MostDays)
	return f, err
}

// readTime reads a time, or how long ago it was, at most so many days: 10m.
func readTime(name, text string, now time.Time, days int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	d, err := span.UpTo(text, days)
	if err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	if wrong := (*span.Error)(nil); errors.As(err, &wrong) && wrong.Long {
		return time.Time{}, bad(wrong.Remedy, "%s is %q, which is too long ago", name, text)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, bad("send a time (2026-01-02T15:04:05Z) or how long ago it was (10m, 7d)", "%s is %q", name, text)
	}
	return t, nil
}

// wantsText says whether text comes before JSON in an Accept header.
func wantsText(accept string) bool {
	for kind := range strings.SplitSeq(accept, ",") {
		kind, _, _ = strings.Cut(kind, ";")
		switch strings.TrimSpace(kind) {
		case "text/plain":
			return true
		case "application/json", "application/x-ndjson":
			return false
		}
	}
	return false
}

func lineOf(l persistence.Line, lost uint64) v1.Line {
	return v1.Line{At: l.At.UTC(), BoardAt: timeOrNil(l.BoardAt), Source: l.Source, Severity: l.Severity, Text: l.Text, Lost: lost}
}

// textLine is a line for people. What a board says may hold anything, also what would take over a terminal.
func textLine(l persistence.Line) string {
	return fmt.Sprintf("%s %-12s %s\n", l.At.UTC().Format("2006-01-02T15:04:05.000Z"), l.Source, harmless(l.Text))
}

// harmless shows control characters instead of sending them.
func harmless(s string) string {
	if !strings.ContainsFunc(s, unshowable) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unshowable(r) {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unshowable(r rune) bool {
	return r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r))
}
