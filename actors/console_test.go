package actors

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence"
)

// heardLines are logs in memory.
type heardLines struct {
	persistence.Logs
	mu  sync.Mutex
	all []string
}

func (h *heardLines) Append(l persistence.Line) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, l.Board+" "+l.Source+" "+l.Text)
	return true
}

func (h *heardLines) has(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.all {
		if l == text {
			return true
		}
	}
	return false
}

// terminal is a terminal server that says something to whoever connects, and counts them.
func terminal(t *testing.T, says string) (addr string, conns <-chan net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // may be closed already
	made := make(chan net.Conn, 16)
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte(says)) // whoever left hears nothing
			made <- c
		}
	}()
	return l.Addr().String(), made
}

// TestConsole: lines of a board's console come into its log, are a sign of life, and come again after the connection broke;
// a console that the inventory takes away is let go of.
func TestConsole(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3*consoleLine)
	addr, conns := terminal(t, "U-Boot 2024\r\nKernel command line: url=http://10.0.0.1:8000/b/"+board.Token{0: 1, 15: 255}.String()+"/second-stage.sh\r\n\r\nbad \x1b[2J\xff\n"+long+"\nno end")
	logs := &heardLines{}
	f := New(Config{Journal: persistence.NewMemory(), Planner: plans{}, Power: newRail(), Logs: logs, Speed: 100,
		Probe: func(context.Context, netip.Addr, Check) error { return nil }})
	defer f.Stop()
	all := specs(1)
	all[0].Console = "tcp://" + addr
	if err := f.Load(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	soon := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s never came: %q", what, logs.all)
			}
		}
	}
	first := <-conns
	soon("the first line", func() bool { return logs.has("board1 console U-Boot 2024") })
	soon("the line with a boot's token, cut", func() bool {
		return logs.has("board1 console Kernel command line: url=http://10.0.0.1:8000/b/" + board.Token{0: 1, 15: 255}.Short() + "/second-stage.sh")
	})
	soon("the harmless line", func() bool { return logs.has("board1 console bad .[2J.") })
	soon("the cut line", func() bool { return logs.has("board1 console " + long[:consoleLine]) })
	soon("the sign of life", func() bool { return f.ByName("board1").Board.Evidence.Kind == "line_logged" })
	if logs.has("board1 console ") {
		t.Error("empty lines are kept")
	}
	_ = first.Close()
	second := <-conns
	all[0].Console = ""
	if err := f.Apply(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	soon("the end of the connection", func() bool {
		_ = second.SetReadDeadline(time.Now().Add(10 * time.Millisecond)) // a test's
		_, err := second.Read(make([]byte, 1))
		return err != nil && !strings.Contains(fmt.Sprint(err), "timeout")
	})
}
