package tftp

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	pin "github.com/pin/tftp/v3"
)

// TestClients reads with the clients that this machine has.
func TestClients(t *testing.T) {
	t.Parallel()
	want := noise(1_000_001)
	for _, c := range []struct {
		name, program string
		args          func(host, port, out string) []string
	}{
		{"busybox", "busybox", func(host, port, out string) []string {
			return []string{"tftp", "-g", "-r", "kernel", "-l", out, host, port}
		}},
		{"busybox, large blocks", "busybox", func(host, port, out string) []string {
			return []string{"tftp", "-b", "1468", "-g", "-r", "kernel", "-l", out, host, port}
		}},
		{"curl", "curl", func(host, port, out string) []string {
			return []string{"-sS", "-o", out, fmt.Sprintf("tftp://%s:%s/kernel", host, port)}
		}},
		{"curl, large blocks", "curl", func(host, port, out string) []string {
			return []string{"-sS", "--tftp-blksize", "1468", "-o", out, fmt.Sprintf("tftp://%s:%s/kernel", host, port)}
		}},
		{"curl, no options", "curl", func(host, port, out string) []string {
			return []string{"-sS", "--tftp-no-options", "-o", out, fmt.Sprintf("tftp://%s:%s/kernel", host, port)}
		}},
		{"tftp-hpa", "tftp", func(host, port, out string) []string {
			return []string{"-m", "binary", host, port, "-c", "get", "kernel", out}
		}},
		{"atftp", "atftp", func(host, port, out string) []string {
			return []string{"--get", "-r", "kernel", "-l", out, host, port}
		}},
		{"atftp, windows", "atftp", func(host, port, out string) []string {
			return []string{"--option", "windowsize 16", "--option", "blksize 1408", "--option", "tsize 0", "--get", "-r", "kernel", "-l", out, host, port}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			program, err := exec.LookPath(c.program)
			if err != nil {
				t.Skipf("%s is not on this machine", c.program)
			}
			r := newRig(t, nil)
			r.put(t, "kernel", want)
			out := filepath.Join(t.TempDir(), "got")
			text, err := exec.CommandContext(t.Context(), program, c.args("127.0.0.1", fmt.Sprint(r.addr.Port()), out)...).CombinedOutput()
			if bytes.Contains(text, []byte("applet not found")) {
				t.Skipf("%s has no TFTP", c.program)
			}
			got, err2 := os.ReadFile(out)
			if err != nil || err2 != nil || !bytes.Equal(got, want) {
				t.Errorf("%v, %v: %d bytes of %d; it says %q", err, err2, len(got), len(want), text)
			}
			if e := r.wait(t); e.err != nil {
				t.Errorf("ended with %+v", e)
			}
		})
	}
}

// TestPin reads with the client of package tftp.
func TestPin(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	want := noise(200_000)
	r.put(t, "kernel", want)
	for _, block := range []int{512, 1408, 9000} {
		c, err := pin.NewClient(r.addr.String())
		if err != nil {
			t.Fatal(err)
		}
		c.SetBlockSize(block)
		c.RequestTSize(true)
		wt, err := c.Receive("kernel", "octet")
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if _, err := wt.WriteTo(&got); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("blocks of %d: %d bytes, %v", block, got.Len(), err)
		}
	}
}
