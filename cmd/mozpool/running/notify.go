package running

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

// Notifier tells the service manager how the process is, as sd_notify(3) has it. The zero Notifier tells nobody, which
// is right where no manager asked.
type Notifier struct {
	socket string        // of the manager; empty: there is none
	every  time.Duration // the watchdog's patience; 0: none
}

// FromEnvironment is the Notifier of this process. getenv is os.Getenv.
func FromEnvironment(getenv func(string) string) Notifier {
	n := Notifier{socket: getenv("NOTIFY_SOCKET")}
	if pid := getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return n // meant for another process that shares our environment
	}
	if micros, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64); err == nil && micros > 0 {
		n.every = time.Duration(micros) * time.Microsecond
	}
	return n
}

// Ready says that every socket is bound.
func (n Notifier) Ready(status string) error { return n.tell("READY=1\nSTATUS=" + status) }

// Stopping says that the end has begun.
func (n Notifier) Stopping() error { return n.tell("STOPPING=1") }

// tell sends one message. A name that begins with @ is abstract, which package net knows too.
func (n Notifier) tell(state string) error {
	if n.socket == "" {
		return nil
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("reach the service manager: %w", err)
	}
	defer func() { _ = c.Close() }() // nothing is buffered
	if _, err := c.Write([]byte(state)); err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	return nil
}

// Watch feeds the watchdog until ctx ends, at half its patience, each time after alive said that the server answers.
// failed is told when it did not, or could not be told. Without a watchdog it returns at once.
func (n Notifier) Watch(ctx context.Context, alive func(context.Context) error, failed func(error)) {
	if n.every == 0 || n.socket == "" {
		return
	}
	tick := time.NewTicker(n.every / 2)
	defer tick.Stop()
	for {
		if err := n.feed(ctx, alive); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (n Notifier) feed(ctx context.Context, alive func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, n.every/2)
	defer cancel()
	if err := alive(ctx); err != nil {
		return fmt.Errorf("the watchdog is not fed: %w", err)
	}
	return n.tell("WATCHDOG=1")
}
