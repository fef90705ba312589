package relayproto

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
)

// kinds are all errors that an exchange is put under.
var kinds = []error{ErrUnreachable, ErrRefused, ErrOccupied, ErrTimedOut, ErrNonsense, ErrMismatch, ErrFailed, ErrHeld}

func TestEachFailureHasOneKind(t *testing.T) {
	ctx := context.Background()
	over, cancel := context.WithCancel(ctx)
	cancel()
	for name, c := range map[string]struct{ got, want error }{
		"connect: refused":       {dialError(ctx, syscall.ECONNREFUSED), ErrRefused},
		"connect: reset":         {dialError(ctx, syscall.ECONNRESET), ErrOccupied},
		"connect: no route":      {dialError(ctx, syscall.EHOSTUNREACH), ErrUnreachable},
		"connect: no answer":     {dialError(ctx, os.ErrDeadlineExceeded), ErrUnreachable},
		"connect: cancelled":     {dialError(over, syscall.EHOSTUNREACH), context.Canceled},
		"ended, nothing heard":   {IOError(ctx, io.EOF, false), ErrOccupied},
		"reset, nothing heard":   {IOError(ctx, syscall.ECONNRESET, false), ErrOccupied},
		"ended after a reply":    {IOError(ctx, io.EOF, true), ErrTimedOut},
		"cut short in a reply":   {IOError(ctx, io.ErrUnexpectedEOF, true), ErrTimedOut},
		"broken after a reply":   {IOError(ctx, syscall.EPIPE, true), ErrTimedOut},
		"silence":                {IOError(ctx, os.ErrDeadlineExceeded, false), ErrTimedOut},
		"bytes not acknowledged": {IOError(ctx, syscall.ETIMEDOUT, true), ErrTimedOut},
		"no route any more":      {IOError(ctx, syscall.EHOSTUNREACH, true), ErrUnreachable},
		"cancelled":              {IOError(over, os.ErrDeadlineExceeded, true), context.Canceled},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v; want %v", name, c.got, c.want)
		}
		for _, k := range kinds {
			if !errors.Is(c.want, k) && errors.Is(c.got, k) {
				t.Errorf("%s: %v is also %v", name, c.got, k)
			}
		}
	}
}
