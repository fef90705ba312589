package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	v1 "mozpool/httpapi/v1"
)

// logLevels are those that people choose from; slog has more between them, which nothing here logs at.
var logLevels = []string{"DEBUG", "INFO", "WARN", "ERROR"}

// setLogLevel changes how much the server's own log tells, until it is changed again or the server starts anew.
func (s *Server) setLogLevel(r *request) error {
	var order v1.LogLevel
	if err := r.body(&order); err != nil {
		return err
	}
	name := strings.ToUpper(order.Level)
	if !slices.Contains(logLevels, name) {
		return bad("send one of "+strings.Join(logLevels, ", "), "there is no level %q", order.Level)
	}
	if s.cfg.Level == nil {
		return &apiError{v1.KindUnavailable, "this server's log has no level that could be changed", "start it with another --level"}
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(name)); err != nil {
		return fmt.Errorf("read level %s: %w", name, err)
	}
	before := s.cfg.Level.Level()
	s.cfg.Level.Set(level)
	// Said at a level that is heard before and after.
	s.log.Log(context.Background(), max(before, level, slog.LevelInfo), "the log's level was changed", "level", level, "before", before, "by", r.who)
	return s.ok(r, v1.LogLevel{Level: level.String()})
}

// logLevel is how much the log tells; empty: nobody knows.
func (s *Server) logLevel() string {
	if s.cfg.Level == nil {
		return ""
	}
	return s.cfg.Level.Level().String()
}
