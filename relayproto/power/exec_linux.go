package power

import (
	"errors"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// group gives the command a process group of its own, which is asked to end
// when its time is over, and lets the kernel kill it when this process dies: a
// command of a server that lost its lease must not switch anything later.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}

// alone waits for the command's end and kills what is left of its group. The
// command is not reaped yet, so that the group's number is still its own.
func alone(cmd *exec.Cmd) {
	for errors.Is(unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
		continue
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // nobody left is what is wanted
}
