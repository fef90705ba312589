package power_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mozpool/relayproto/power"
)

// The test binary is also the command that exec lines call: a switch with its
// state in a folder, and with the faults that a file there names.
const (
	helperWord = "switch-helper"
	parentWord = "switch-parent" // a process that drives such a switch, to be killed
)

func parent(line string) int {
	spec, err := power.Parse(line)
	if err != nil {
		return 2
	}
	s, err := power.Open(context.Background(), spec, power.Options{ReplyTimeout: time.Hour})
	if err != nil || s.MakeOff(spec) != nil {
		return 1
	}
	return 0
}

func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == helperWord {
		os.Exit(helper(os.Args[2], os.Args[3]))
	}
	if len(os.Args) > 2 && os.Args[1] == parentWord {
		os.Exit(parent(os.Args[2]))
	}
	// Helpers of a binary with the race detector would each end a second late.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func helper(dir, op string) int {
	note := filepath.Join(dir, "run-"+strconv.Itoa(os.Getpid()))
	if err := os.WriteFile(note, []byte(strings.Join(os.Environ(), "\n")), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := misbehave(dir); err != 0 {
		return err
	}
	state := filepath.Join(dir, "state")
	switch op {
	case "on", "off":
		if fault(dir) != "stuck" {
			if err := os.WriteFile(state, []byte(op), 0o600); err != nil {
				return 1
			}
		}
	case "cycle":
		f, err := os.OpenFile(filepath.Join(dir, "cycles"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = f.WriteString("x")
		}
		if errors.Join(err, f.Close()) != nil {
			return 1
		}
	}
	now, err := os.ReadFile(state)
	if err != nil {
		now = []byte("on")
	}
	for _, b := range []byte("Chassis power is " + string(now) + "\n") {
		if fault(dir) == "trickle" {
			time.Sleep(time.Millisecond)
		}
		fmt.Printf("%c", b)
	}
	return 0
}

// misbehave gives the exit code of a fault; 0: go on.
func misbehave(dir string) int {
	switch fault(dir) {
	case "silent":
		time.Sleep(time.Hour)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		time.Sleep(time.Hour)
	case "leaves": // something that goes on after the command's end
		child := exec.Command(os.Args[0], helperWord, dir, "sleep")
		child.Stdout = os.Stdout
		if os.Args[3] == "sleep" {
			time.Sleep(time.Hour)
		}
		if err := child.Start(); err != nil {
			return 1
		}
	case "reset":
		fmt.Print("Chassis power ")
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Hour)
	case "third":
		runs, _ := filepath.Glob(filepath.Join(dir, "run-*"))
		if len(runs)%3 != 0 {
			fmt.Fprintln(os.Stderr, "busy")
			return 75
		}
	case "occupied":
		fmt.Fprintln(os.Stderr, "somebody else is logged in")
		return 75
	case "gone":
		return 69
	case "nonsense":
		fmt.Println("perhaps")
		os.Exit(0)
	case "refuses":
		fmt.Fprintln(os.Stderr, "no outlet 7, and my password is "+os.Getenv("PDU_PASSWORD"))
		return 3
	case "noisy":
		_, _ = os.Stdout.Write(make([]byte, 1<<20))
		return 4
	}
	return 0
}

func fault(dir string) string {
	text, _ := os.ReadFile(filepath.Join(dir, "fault"))
	return string(text)
}
