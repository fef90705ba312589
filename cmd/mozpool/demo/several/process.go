package several

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"mozpool/httpapi/client"
)

const (
	startLimit = time.Minute // of a process until it is ready
	stopLimit  = 15 * time.Second
)

// Process is one server: a process that may be gone and come back.
type Process struct {
	Name   string
	Config string // its file
	API    string // URL
	host   netip.Addr
	start  func(*exec.Cmd) error
	token  string // of its API; empty: it takes none
	ports  map[string]ports
	args   []string
	env    func(server string) []string
	log    *os.File // nil: logFile
	path   string   // of the log
	data   string   // folder; empty: data beside Config

	mu     sync.Mutex
	cmd    *exec.Cmd     // nil: not started
	ended  chan struct{} // closed once cmd is over
	client *client.Client
}

// Start runs the server and returns once it is ready.
func (p *Process) Start(ctx context.Context) error {
	cmd := exec.Command(p.args[0], p.args[1:]...)
	if p.env != nil {
		cmd.Env = append(os.Environ(), p.env(p.Name)...)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start server %s: %w", p.Name, err)
	}
	log := p.log
	if log == nil {
		if log, err = os.OpenFile(p.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
			return fmt.Errorf("start server %s: %w", p.Name, err)
		}
		defer func() { _ = log.Close() }() // the process has its own
	}
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true} // a person's Ctrl-C is ours to handle
	if err := p.start(cmd); err != nil {
		return fmt.Errorf("start server %s: %w", p.Name, err)
	}
	ready, ended := make(chan struct{}), make(chan struct{})
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "ready ") {
				close(ready)
				break
			}
		}
		_, _ = io.Copy(io.Discard, out) // ends with the process
		_ = cmd.Wait()                  // how it ended is in its log
		close(ended)
	}()
	p.mu.Lock()
	p.cmd, p.ended = cmd, ended
	p.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-ended:
		return fmt.Errorf("server %s ended at once: %s", p.Name, p.lastLine())
	case <-time.After(startLimit):
		return errors.Join(fmt.Errorf("server %s is not ready after %v", p.Name, startLimit), p.Kill())
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), p.Kill())
	}
}

// lastLine is the last that the server logged.
func (p *Process) lastLine() string {
	data, err := os.ReadFile(p.path)
	if err != nil {
		return "see above"
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return lines[len(lines)-1]
}

// Log is what the server has logged, where that goes to a file.
func (p *Process) Log() ([]byte, error) { return os.ReadFile(p.path) }

// Client talks to this server alone.
func (p *Process) Client() *client.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.client == nil {
		c, err := client.New(p.API, client.Options{User: "demo", Token: p.token})
		if err != nil {
			panic(err) // the URL is ours
		}
		p.client = c
	}
	return p.client
}

// current is what runs now; ended is nil if nothing ever did.
func (p *Process) current() (cmd *exec.Cmd, ended chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd, p.ended
}

// Running tells whether the process is there; it may be frozen.
func (p *Process) Running() bool {
	_, ended := p.current()
	if ended == nil {
		return false
	}
	select {
	case <-ended:
		return false
	default:
		return true
	}
}

// PID is the process's id; 0: there is none.
func (p *Process) PID() int {
	if cmd, _ := p.current(); cmd != nil && p.Running() {
		return cmd.Process.Pid
	}
	return 0
}

// Signal sends a signal to the process.
func (p *Process) Signal(s syscall.Signal) error {
	cmd, _ := p.current()
	if cmd == nil {
		return nil
	}
	if err := cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal server %s: %w", p.Name, err)
	}
	return nil
}

// Kill ends the process at once, as kill -9 does, and waits for its end.
func (p *Process) Kill() error {
	_, ended := p.current()
	if ended == nil {
		return nil
	}
	err := p.Signal(syscall.SIGKILL)
	<-ended
	return err
}

// Stop ends the process in order; one that does not end in time is killed, which is an error.
func (p *Process) Stop() error {
	_, ended := p.current()
	if ended == nil {
		return nil
	}
	defer p.Client().CloseIdle()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-ended:
		return nil
	case <-time.After(stopLimit):
		return errors.Join(fmt.Errorf("server %s did not stop within %v", p.Name, stopLimit), p.Kill())
	}
}
