package ask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"
)

// longest is how long a question may take whose asker gave no deadline.
const longest = 30 * time.Second

// Handler answers a question with something that encodes as JSON. It may be called many times at once.
type Handler func(ctx context.Context, q Question) any

// Server answers questions.
type Server struct {
	http   *http.Server
	answer Handler
	known  *memory
}

// NewServer answers by handle. node says whose connection one is; nil: nobody asks, as in tests.
func NewServer(handle Handler, node func(net.Conn) (string, error), log *slog.Logger) *Server {
	s := &Server{answer: handle, known: newMemory()}
	s.http = &http.Server{Handler: s, ReadTimeout: longest, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if node == nil {
				return ctx
			}
			name, err := node(c)
			if err != nil {
				log.Warn("cluster: a connection without a node", "from", c.RemoteAddr(), "error", err)
			}
			return context.WithValue(ctx, asker{}, name)
		}}
	return s
}

type asker struct{} // key of the asker's node in a connection's context

// Serve answers on l until Close.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer the other servers: %w", err)
	}
	return nil
}

// Close ends Serve; questions under way are answered until ctx ends.
func (s *Server) Close(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, err := read(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit(r))
	defer cancel()
	data, err := s.known.once(ctx, q.ID, func() ([]byte, error) { return json.Marshal(s.answer(ctx, q)) })
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(data) // an asker that is gone sees it too
}

func read(r *http.Request) (q Question, err error) {
	if v := r.Header.Get(headerVersion); r.URL.Path != path || v != strconv.Itoa(version) {
		return q, fmt.Errorf("this server answers questions of version %d, not %q; upgrade the older of the two", version, v)
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(data, &q)
	}
	if err != nil {
		return q, fmt.Errorf("read a question: %w", err)
	}
	q.From, _ = r.Context().Value(asker{}).(string)
	return q, nil
}

// limit is how long the asker waits.
func limit(r *http.Request) time.Duration {
	ms, err := strconv.ParseInt(r.Header.Get(headerDeadline), 10, 64)
	if err != nil || ms <= 0 || ms > longest.Milliseconds() {
		return longest
	}
	return time.Duration(ms) * time.Millisecond
}
