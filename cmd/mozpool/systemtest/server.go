package systemtest

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mozpool/httpapi/client"
)

const (
	httpPort = 8000
	apiURL   = "http://127.0.0.1:8080"
	patience = 30 * time.Second // for what takes a server a second on an idle machine
)

// Server is the real binary as a child process.
type Server struct {
	*client.Client

	t      testing.TB
	path   string
	config string
	log    *os.File
	child  *exec.Cmd
}

func newServer(t testing.TB, dir string) *Server {
	t.Helper()
	c, err := client.New(apiURL, client.Options{User: "systemtest"})
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Client: c, t: t, path: serverBinary(t), config: filepath.Join(dir, "mozpool.yaml"), log: log}
	t.Cleanup(s.close)
	return s
}

// Start runs the server and waits for the line by which it says that every
// socket is bound.
func (s *Server) Start() {
	s.t.Helper()
	s.child = command(s.path, "serve", "--config", s.config)
	s.child.Stderr = s.log
	out, err := s.child.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.child.Start(); err != nil {
		s.t.Fatal(err)
	}
	ready := make(chan bool, 1)
	go func() { // ends with the server, which holds the other end
		in := bufio.NewScanner(out)
		for in.Scan() {
			if strings.HasPrefix(in.Text(), "ready ") {
				ready <- true
			}
		}
		close(ready)
	}()
	select {
	case ok := <-ready:
		if !ok {
			s.t.Fatal("the server ended before it was ready")
		}
	case <-time.After(patience):
		s.t.Fatalf("the server was not ready within %v", patience)
	}
}

// Kill ends the server without a chance to tidy up.
func (s *Server) Kill() {
	s.t.Helper()
	if err := s.child.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	_ = s.child.Wait() // says that it was killed
	s.child = nil
}

// Stop asks the server to end, and fails the test if it does not do so in order.
func (s *Server) Stop() {
	s.t.Helper()
	child := s.child
	s.child = nil
	if err := child.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Error(err)
	}
	late := time.AfterFunc(patience, func() { _ = child.Process.Kill() })
	defer late.Stop()
	if err := child.Wait(); err != nil {
		s.t.Errorf("the server ended with %v", err)
	}
}

func (s *Server) close() {
	if s.child != nil {
		s.Stop()
	}
	s.CloseIdle()
	if s.t.Failed() {
		s.t.Logf("the server said last:\n%s", tail(s.log.Name(), 16<<10))
	}
	_ = s.log.Close() // the server wrote it
}

// ctx is for one request.
func ctx(t testing.TB) context.Context {
	c, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return c
}
