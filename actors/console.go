package actors

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"time"
	"unicode"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
)

const (
	consoleLine  = 1 << 10          // bytes of a line; what is longer is cut
	consoleQuiet = 5 * time.Second  // lines within it are one sign of life
	consoleDial  = 10 * time.Second // for a connect
	consoleAgain = time.Minute      // at most between two connects
)

// console reads a board's serial console while ctx lasts. It is told to as many bytes as its log takes, and its lines
// are a sign of life of the boot that is under way.
type console struct {
	f    *Fleet
	id   string
	name string
	addr string // host:port
}

// follow has the board's console read from now on, if the inventory names one that can be.
func (a *boardActor) follow() {
	if a.console != nil {
		a.console()
		a.console = nil
	}
	addr, ok := inventory.ConsoleAddress(a.spec.Console)
	if !ok {
		return
	}
	ctx, cancel := context.WithCancel(a.f.ctx)
	a.console = cancel
	c := console{a.f, a.c.id, a.spec.Name, addr}
	a.f.aside.Go(func() { c.read(ctx) })
}

// read connects again and again; it waits longer the longer nobody answers.
func (c console) read(ctx context.Context) {
	for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, consoleAgain) {
		if err := c.once(ctx); err == nil {
			wait = time.Second
		}
		c.f.pause(ctx, wait)
	}
}

// once reads one connection to its end. An error: there was none.
func (c console) once(ctx context.Context) error {
	d := net.Dialer{Timeout: consoleDial}
	conn, err := d.DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		stop()
		_ = conn.Close() // was only read
	}()
	c.lines(ctx, conn)
	return nil
}

// lines passes on what comes. A console writes what it likes: empty lines are left out, control characters shown as dots.
func (c console) lines(ctx context.Context, r io.Reader) {
	in := bufio.NewReaderSize(r, consoleLine)
	var heard time.Time
	for ctx.Err() == nil {
		raw, err := in.ReadSlice('\n') // a full buffer is a line, too
		if text := consoleText(raw); text != "" {
			c.f.line(c.name, "console", 6, text)
			if now := c.f.now(); now.Sub(heard) >= c.f.scale(consoleQuiet) || now.Before(heard) {
				heard = now
				c.f.Tell(c.id, Evidence{Input: board.Input{Kind: board.LineLogged, Text: text}})
			}
		}
		if err != nil && err != bufio.ErrBufferFull { //nolint:errorlint // bufio's own, returned as it is
			return
		}
	}
}

func consoleText(raw []byte) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return '.'
		}
		return r
	}, strings.ToValidUTF8(string(bytes.TrimSpace(raw)), "."))
}
