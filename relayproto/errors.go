package relayproto

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// The ways an exchange fails, for errors.Is. What on the wire tells them apart
// is written in DESIGN.md.
var (
	// ErrUnreachable: no way to the host, its name does not resolve, or nobody
	// answered the connect before the deadline. An ignoring board that serves
	// somebody else looks the same: try again before blaming the network.
	ErrUnreachable = errors.New("relay board unreachable")
	// ErrRefused: the host answered the connect with a reset. It lives, but no
	// listener is there now: resting after a close, or the wrong port.
	ErrRefused = errors.New("relay board refused the connection")
	// ErrOccupied: the connection was made and ended by the other side before a
	// single byte came back: somebody else has the relay board.
	ErrOccupied = errors.New("relay board occupied by another connection")
	// ErrTimedOut: connected, and the deadline passed within the exchange, or
	// the connection broke after the first reply.
	ErrTimedOut = errors.New("relay board stopped answering")
	// ErrNonsense: a byte that answers no question we asked, or one too many.
	ErrNonsense = errors.New("relay board answered nonsense")
	// ErrMismatch: the relay board said done, the read-back says otherwise: a
	// stuck relay, or another hand on it.
	ErrMismatch = errors.New("relay does not read back as switched")
	// ErrFailed: the switch answered in good order that it did not do it: an
	// exit code, a refused password. Relay boards know no such answer; switches
	// of other kinds do (see power).
	ErrFailed = errors.New("switch says that it failed")
	// ErrHeld: Config.Before refused, so nothing was written.
	ErrHeld = errors.New("relay command held back")
)

// dialError puts a failed connect under its kind.
func dialError(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, syscall.ECONNRESET): // made and reset before connect returned
		return fmt.Errorf("%w: %w", ErrOccupied, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("given up: %w", ctx.Err())
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}

// IOError puts a failed read or write on a connection under its kind; heard
// says whether the connection ever brought a byte. Switches of other kinds that
// are reached by TCP use it too, so that callers judge alike.
func IOError(ctx context.Context, err error, heard bool) error {
	gone := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("given up: %w", ctx.Err())
	case gone && !heard:
		return fmt.Errorf("%w: %w", ErrOccupied, err)
	case gone || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT):
		return fmt.Errorf("%w: %w", ErrTimedOut, err)
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}
