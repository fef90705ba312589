// Command mozpool is an imaging server for racks of unreliable boards, and the command line that talks to one.
//
// main parses, builds, runs and exits; only main exits.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"mozpool/cmd/mozpool/cli"
)

// Exit codes, as contracts with scripts.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	grammar := &program{}
	parser, err := newParser(grammar)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mozpool: the command line is broken:", err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "mozpool: %v; see: %s --help\n", err, helpOf(err))
		return exitUsage
	}
	ctx, stop := interruptible()
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	command.Bind(grammar, cli.NewLocal(&grammar.CLI))
	if err := command.BindToProvider(func() (*cli.Context, error) { return cli.NewContext(ctx, &grammar.CLI) }); err != nil {
		fmt.Fprintln(os.Stderr, "mozpool: the command line is broken:", err)
		return exitFailed
	}
	if err := command.Run(); err != nil {
		if text := err.Error(); text != "" {
			fmt.Fprintln(os.Stderr, "mozpool:", text)
		}
		return exitCode(err)
	}
	return exitOK
}

// helpOf is the command whose help says more: the one that was being given, as far as it was understood.
func helpOf(err error) string {
	var parsing *kong.ParseError
	if !errors.As(err, &parsing) || parsing.Context.Selected() == nil {
		return "mozpool"
	}
	return parsing.Context.Selected().FullPath()
}

// interruptible ends with the first SIGINT or SIGTERM; from then on the next one kills.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// exitCode is what the error says, or 1.
func exitCode(err error) int {
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return exitFailed
}

// usageError is an error of usage or configuration.
type usageError struct{ error }

func (usageError) ExitCode() int { return exitUsage }

func (e usageError) Unwrap() error { return e.error }
