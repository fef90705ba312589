package outletsim

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// accept ends when the listener closes.
func (s *Strip) accept() {
	s.mu.Lock()
	l := s.listener
	s.mu.Unlock()
	for l != nil {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		s.admit(conn)
	}
}

func (s *Strip) admit(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.knocked++
	f := s.faults
	turned := f.Refuse || f.Every > 0 && s.knocked%f.Every != 0 || s.options.Single && s.served != nil
	if s.listener == nil || turned {
		reset(conn)
		return
	}
	s.open[conn], s.served = true, conn
	s.wg.Go(func() { s.serve(conn) })
}

func reset(conn net.Conn) {
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

// serve answers one request; like many small devices, the strip keeps no
// connection for a second.
func (s *Strip) serve(conn net.Conn) {
	defer func() {
		s.free(conn)
		_ = conn.Close()
		s.mu.Lock()
		delete(s.open, conn)
		s.mu.Unlock()
	}()
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	f := s.faults
	s.journal = append(s.journal, Request{r.Method, r.URL.RequestURI(), string(body), r.Header.Get("Authorization")})
	s.mu.Unlock()
	if f.Mute {
		_, _ = io.Copy(io.Discard, conn) // until the other side has had enough
		return
	}
	answer := s.answer(r, string(body), f)
	s.free(conn) // before the client can have the answer, and connect again
	s.send(conn, answer, f)
}

// free lets the next connection in.
func (s *Strip) free(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.served == conn {
		s.served = nil
	}
}

func (s *Strip) send(conn net.Conn, wire []byte, f Faults) {
	switch {
	case f.Nonsense != nil:
		_, _ = conn.Write(f.Nonsense)
	case f.Drop:
		_, _ = conn.Write(wire[:len(wire)/2])
		_ = conn.(*net.TCPConn).SetLinger(0)
	case f.Slow > 0:
		for i := range wire {
			select {
			case <-time.After(f.Slow):
			case <-s.done:
				return
			}
			if _, err := conn.Write(wire[i : i+1]); err != nil {
				return
			}
		}
	default:
		_, _ = conn.Write(wire)
	}
}

// answer does what a request asks for and gives the bytes of the answer.
func (s *Strip) answer(r *http.Request, body string, f Faults) []byte {
	if f.Status != 0 {
		return encode(f.Status, "", "Location: "+f.Location+"\r\n")
	}
	if header, ok := s.allowed(r); !ok {
		return encode(http.StatusUnauthorized, s.unauthorized(), header)
	}
	status, text := s.act(r, body, f)
	return encode(status, text, "")
}

func encode(status int, body, header string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %d\r\n%s\r\n%s",
		status, http.StatusText(status), len(body), header, body)
}
