package power_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mozpool/relayproto"
	"mozpool/relayproto/power"
)

// commandIn gives the line of a helper with its state in dir.
func commandIn(dir, options string) string {
	return "exec:" + os.Args[0] + " " + helperWord + " " + dir + " {op}; env=GORACE,PDU_PASSWORD; " + options
}

func TestExecSaysWhy(t *testing.T) {
	t.Parallel()
	for fault, c := range map[string]struct {
		kind error
		text string
	}{
		"occupied": {relayproto.ErrOccupied, "somebody else is logged in"},
		"gone":     {relayproto.ErrUnreachable, "exit status 69"},
		"refuses":  {relayproto.ErrFailed, `exit status 3: "no outlet 7, and my password is ***"`},
		"noisy":    {relayproto.ErrFailed, "bytes more"},
		"reset":    {relayproto.ErrFailed, "signal: killed"},
		"nonsense": {relayproto.ErrNonsense, `"perhaps"`},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "fault"), fault)
			spec := parse(t, commandIn(dir, ""))
			s := open(t, spec, power.Options{Getenv: func(name string) (string, bool) { return "geheim-" + name, name != "GORACE" }})
			_, err := s.Read(spec)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) || len(err.Error()) > 2000 {
				t.Fatalf("%.3000v; want %v with %q", err, c.kind, c.text)
			}
			if said := err.Error() + string(s.Exchange().Steps[0].Read); strings.Contains(said, "geheim") {
				t.Fatal("a secret is shown:", said)
			}
		})
	}
}

func TestExecIsNoShell(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script, got := filepath.Join(dir, "show"), filepath.Join(dir, "got")
	write(t, script, "#!/bin/sh\nprintf '%s\\n' \"$@\" >"+got+"\nenv >>"+got+"\npwd >>"+got+"\n")
	if err := os.Chmod(script, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("/bin/sh"); err != nil {
		t.Skip("there is no /bin/sh to write down what it was called with")
	}
	spec := parse(t, "exec:"+script+` $HOME "$(id) ; * | >x" 'a  b' "" {op}; can=on,off`)
	if err := open(t, spec, power.Options{}).MakeOff(spec); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(got)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if want := []string{"$HOME", "$(id) ; * | >x", "a  b", "", "off"}; !slices.Equal(lines[:5], want) {
		t.Fatalf("called with %q; want %q", lines[:5], want)
	}
	for _, line := range lines[5 : len(lines)-1] {
		name, _, _ := strings.Cut(line, "=")
		if !slices.Contains([]string{"PATH", "LANG", "HOME", "PWD", "_", "SHLVL", "OLDPWD"}, name) { // the shell's own included
			t.Errorf("the command sees %s", line)
		}
	}
	if last := lines[len(lines)-1]; last != "/" {
		t.Error("the command runs in", last)
	}
}

func TestExecLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]error{"leaves": nil, "silent": relayproto.ErrTimedOut, "stubborn": relayproto.ErrTimedOut} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "fault"), fault)
			spec := parse(t, commandIn(dir, "can=on,off"))
			limit := 30 * time.Second
			if want != nil {
				limit = time.Second
			}
			if err := open(t, spec, power.Options{ReplyTimeout: limit}).MakeOff(spec); !errors.Is(err, want) {
				t.Fatal(err)
			}
			waitFor(t, func() bool { return running(dir) == 0 })
		})
	}
}

// A server that is killed takes its commands with it: its successor must not
// see one of them switch.
func TestExecDiesWithTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "fault"), "silent")
	server := exec.Command(os.Args[0], parentWord, commandIn(dir, ""))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Wait() }() // it is killed
	waitFor(t, func() bool { return running(dir) == 1 })
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return running(dir) == 0 })
}

func TestExecCyclesOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := parse(t, commandIn(dir, "can=cycle"))
	s := open(t, spec, power.Options{})
	_, unread := s.Read(spec)
	for what, err := range map[string]error{"off": s.MakeOff(spec), "on": s.MakeOn(spec), "read": unread} {
		if !errors.Is(err, power.ErrCannot) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := s.Cycle(spec); err != nil {
		t.Fatal(err)
	}
	if cycles, err := os.ReadFile(filepath.Join(dir, "cycles")); err != nil || string(cycles) != "x" {
		t.Fatalf("cycled %q, %v", cycles, err)
	}
	if sign, err := s.Test(); err != nil || !strings.Contains(sign.Text, "can be run") {
		t.Fatalf("%+v, %v", sign, err)
	}
}

func TestExecWithoutAProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "no-program"), "")
	for _, name := range []string{"none", "no-program"} {
		spec := parse(t, "exec:"+filepath.Join(dir, name)+" 7; can=on,off")
		_, tested := open(t, spec, power.Options{}).Test()
		for _, err := range []error{tested, open(t, spec, power.Options{}).MakeOff(spec)} {
			if !errors.Is(err, relayproto.ErrUnreachable) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
