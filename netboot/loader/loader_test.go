package loader

import (
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mozpool/netboot/images"
)

var update = flag.Bool("update", false, "write the golden files anew")

var site = Site{Server: netip.MustParseAddr("10.91.0.1"), Files: "/srv/mozpool"}

// TestScriptForIPXE: one text for every type, also those whose own loader is not known.
func TestScriptForIPXE(t *testing.T) {
	t.Parallel()
	s := site
	s.Loader = images.IPXE
	checkGolden(t, "ipxe", "toaster", s)
	s.TFTP = 6969
	checkGolden(t, "ipxe-port", "toaster", s)
	if got := Files("qemu-amd64", images.IPXE); len(got) != 0 {
		t.Errorf("iPXE needs no %v", got)
	}
	if got := Files("qemu-amd64", images.AnyLoader); len(got) != 2 {
		t.Errorf("PXELINUX needs two files, not %v", got)
	}
}

// checkGolden compares a script with testdata/NAME.txt.
func checkGolden(t *testing.T, name, hardware string, s Site) {
	t.Helper()
	got, err := Script(hardware, s)
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got != string(want) {
		t.Errorf("%s differs (%v); run the tests of this package with -update and look at the difference:\n%s", golden, err, got)
	}
}

func TestScript(t *testing.T) {
	t.Parallel()
	odd := site
	odd.TFTP, odd.MAC = 6969, "52:54:00:01:00:07"
	for name, s := range map[string]Site{"": site, "-port": odd} {
		for _, hardware := range Known() {
			checkGolden(t, hardware+name, hardware, s)
		}
	}
}

// TestScriptAsksInOrder: the network, with our server, before the card, in every script that U-Boot runs.
func TestScriptAsksInOrder(t *testing.T) {
	t.Parallel()
	for _, hardware := range []string{"panda", "qemu-arm64"} {
		text, err := Script(hardware, site)
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ = strings.Cut(text, "if dhcp; then") // what is before defines
		for _, word := range []string{"setenv serverip 10.91.0.1", "pxe get", "pxe boot", "run card", "reset"} {
			_, after, ok := strings.Cut(text, word)
			if !ok {
				t.Errorf("%s: %q is not there, or not after what comes before it", hardware, word)
			}
			text = after
		}
	}
}

// TestScriptQuotes: hush reads each line to its end, so quotes have to be even on every one; mkenvimage and hush both
// want lines of less than 1024 bytes.
func TestScriptQuotes(t *testing.T) {
	t.Parallel()
	for _, hardware := range []string{"panda", "qemu-arm64"} {
		text, err := Script(hardware, site)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "#") && (strings.Count(line, "'")%2 != 0 || strings.Count(line, "{") != strings.Count(line, "}") || len(line) > 1000) {
				t.Errorf("%s: U-Boot cannot read %s", hardware, line)
			}
		}
	}
}

func TestScriptRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ hardware, server, want string }{
		"slip":     {"pnada", "10.91.0.1", "known are panda, qemu-amd64, qemu-arm64; did you mean panda?"},
		"own type": {"toaster", "10.91.0.1", "take the text of one whose loader is alike"},
		"IPv6":     {"panda", "2001:db8::1", "they know IPv4 only"},
		"any":      {"panda", "0.0.0.0", "boards cannot ask 0.0.0.0"},
		"none":     {"panda", "", "give --server"},
	} {
		s := site
		s.Server, _ = netip.ParseAddr(tc.server) // "" is none
		got, err := Script(tc.hardware, s)
		if err == nil || got != "" || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %q, %v, want an error with %q", name, got, err, tc.want)
		}
		var unknown *UnknownError
		if errors.As(err, &unknown) != (tc.hardware != "panda") {
			t.Errorf("%s: %T", name, err)
		}
	}
}
