package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const unitFile = "mozpool.service"

// mostExposed is the worst mark that systemd-analyze security may give the unit; 10 is a unit without any care.
const mostExposed = 3.5

// TestUnit holds the unit against systemd's own opinion. The binary is not installed here, so another stands for it.
func TestUnit(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("needs systemd-analyze, of Debian's package systemd")
	}
	data, err := os.ReadFile(unitFile)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(data), "/usr/bin/mozpool ", self+" ")
	text = regexp.MustCompile(`(?m)^Documentation=.*\n`).ReplaceAllString(text, "") // the page is not installed either
	path := filepath.Join(t.TempDir(), unitFile)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", path).CombinedOutput(); err != nil || strings.Contains(string(out), path) {
		t.Errorf("%v\n%s", err, out)
	}
	out, err := exec.Command(analyze, "security", "--offline=true", path).CombinedOutput()
	mark := regexp.MustCompile(`exposure level for .*: ([0-9.]+)`).FindSubmatch(out)
	if mark == nil {
		t.Skipf("this systemd-analyze gives no marks to files: %v", err)
	}
	if got, err := strconv.ParseFloat(string(mark[1]), 64); err != nil || got > mostExposed {
		t.Errorf("exposed %s, want at most %g\n%s", mark[1], mostExposed, out)
	}
}
