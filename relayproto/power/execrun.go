package power

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"mozpool/relayproto"
)

const (
	execGrace   = time.Second // between the request to end and the kill, once a command's time is over
	outputLimit = 4 << 10     // bytes kept of each of a command's outputs
)

// Exit codes that say more than "failed"; those of sysexits.h.
const (
	exitUnreachable = 69 // EX_UNAVAILABLE: the command did not reach the device
	exitOccupied    = 75 // EX_TEMPFAIL: somebody else has it
)

// runner is the asker of exec lines.
type runner struct{ s *session }

func openExec(s *session) asker { return runner{s} }

func (r runner) timeout(spec Spec) time.Duration {
	_, c, err := readExec(spec.line)
	if err != nil {
		return execTimeout
	}
	return c.timeout
}

// reach looks whether the program can be run at all.
func (r runner) reach(_ context.Context, before func() error) (string, error) {
	if err := before(); err != nil {
		return "", err
	}
	_, c, err := readExec(r.s.spec.line)
	if err != nil {
		return "", err
	}
	for _, v := range verbs {
		if argv := c.argv[v]; argv != nil {
			if _, err := exec.LookPath(argv[0]); err != nil {
				return "", fmt.Errorf("%w: %w", relayproto.ErrUnreachable, err)
			}
		}
	}
	return "the command can be run; it has no status to ask for", nil
}

// ask runs one command to its end. Its output is the record; the last word of
// its standard output is the state.
func (r runner) ask(ctx context.Context, spec Spec, v verb, before func() error) (answer, error) {
	_, c, err := readExec(spec.line)
	if err != nil {
		return answer{}, err
	}
	env, secrets := r.environment(c.env)
	a := answer{sent: strings.Join(c.argv[v], " ")}
	out, errs := &head{limit: outputLimit}, &head{limit: outputLimit}
	if err := before(); err != nil {
		return answer{}, err
	}
	err = run(ctx, c.argv[v], env, out, errs)
	said := secrets.hide(strings.TrimSpace(errs.String()))
	a.read = secrets.hide(strings.TrimSpace(out.String()))
	if said == "" {
		said = a.read
	}
	if err != nil {
		return a, execError(ctx, c.argv[v][0], err, said)
	}
	if v != status {
		return a, nil
	}
	if a.state = lastWord(a.read); a.state == "" {
		return a, fmt.Errorf("%w: the last word of %s is neither on nor off", relayproto.ErrNonsense, shown(a.read))
	}
	return a, nil
}

// environment is the little that a command gets, and the values in it that are
// kept out of what people see.
func (r runner) environment(names []string) ([]string, secrets) {
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C", "HOME=/"}
	var hidden secrets
	for _, name := range names {
		if value, ok := r.s.options.Getenv(name); ok {
			env = append(env, name+"="+value)
			hidden = hidden.add(value)
		}
	}
	return env, hidden
}

// run starts a command in a process group of its own and waits for its end.
// When ctx ends before, the group is asked to end, and the command killed a
// second later. What the command started dies with it, in any case: nothing may
// switch later, past the lease. For the same reason it is killed with this
// process, as a connection is reset.
func run(ctx context.Context, argv, env []string, out, errs *head) error {
	// The kernel ties the death signal to the thread that started the command.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = env, "/", out, errs
	cmd.WaitDelay = execGrace
	group(cmd)
	if err := cmd.Start(); err != nil {
		return &startError{err}
	}
	alone(cmd)
	return cmd.Wait()
}

// startError is a command that could not be started.
type startError struct{ error }

func (e *startError) Unwrap() error { return e.error }

func execError(ctx context.Context, program string, err error, said string) error {
	var start *startError
	var exit *exec.ExitError
	switch {
	case errors.As(err, &start):
		if ended := ended(ctx); ended != nil {
			return ended
		}
		return fmt.Errorf("%w: start: %w", relayproto.ErrUnreachable, start.error)
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w, and was ended%s", program, ended(ctx), after(said))
	case errors.As(err, &exit):
		kind := relayproto.ErrFailed
		switch exit.ExitCode() {
		case exitUnreachable:
			kind = relayproto.ErrUnreachable
		case exitOccupied:
			kind = relayproto.ErrOccupied
		}
		return fmt.Errorf("%w: %s: %s%s", kind, program, exit.ProcessState, after(said))
	case errors.Is(err, exec.ErrWaitDelay):
		return fmt.Errorf("%w: %s ended, and something that it put into the background holds its output", relayproto.ErrFailed, program)
	}
	return fmt.Errorf("%w: %s: %w", relayproto.ErrFailed, program, err)
}

// after puts what a switch said behind a sentence.
func after(said string) string {
	if said == "" {
		return ""
	}
	return ": " + shown(said)
}
