package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"mozpool/httpapi/client"
)

// Exit codes, as scripts rely on them.
const (
	ExitOK          = 0
	ExitFailed      = 1 // also: any of several
	ExitUsage       = 2 // usage or configuration
	ExitNotFound    = 3
	ExitRefused     = 4
	ExitUnreachable = 5
)

// Error is an error with its exit code. Err nil: everything has been said already.
type Error struct {
	Exit int
	Err  error
}

// Error implements error; empty if everything has been said already.
func (e *Error) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// Unwrap returns the error itself.
func (e *Error) Unwrap() error { return e.Err }

// ExitCode is what the process is to end with.
func (e *Error) ExitCode() int { return e.Exit }

// Coded gives an error of the client its exit code, for commands that are not in this package; nil stays nil.
func Coded(err error) error { return coded(err) }

// coded gives an error its exit code; nil stays nil.
func coded(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Exit: codeOf(err), Err: err}
}

func codeOf(err error) int {
	var have *Error
	var gone *client.Unreachable
	var p *client.Problem
	switch {
	case errors.As(err, &have):
		return have.Exit
	case errors.Is(err, client.ErrNoName):
		return ExitUsage
	case errors.As(err, &gone):
		return ExitUnreachable
	case !errors.As(err, &p):
		return ExitFailed
	}
	switch p.Status {
	case http.StatusBadRequest:
		return ExitUsage
	case http.StatusNotFound:
		return ExitNotFound
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked,
		http.StatusTooManyRequests:
		return ExitRefused
	case http.StatusServiceUnavailable:
		return ExitUnreachable
	default:
		return ExitFailed
	}
}

// say prints an error as all errors are printed.
func say(w io.Writer, err error) {
	_, _ = fmt.Fprintln(w, "mozpool:", err) // nobody is left to tell
}

// each does something for every name, says each error at once, and goes on. The exit code is the error's if there is
// only one name, else 1.
func (c *Context) each(names []string, do func(name string) error) error {
	code := ExitOK
	for _, name := range names {
		err := do(name)
		if err == nil {
			continue
		}
		if err.Error() != "" {
			say(c.Err, err)
		}
		if code = ExitFailed; len(names) == 1 {
			code = codeOf(err)
		}
		if c.Context.Err() != nil {
			break
		}
	}
	if code == ExitOK {
		return nil
	}
	return &Error{Exit: code}
}
