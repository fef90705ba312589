package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const oneRack = "files: /srv/x\nracks:\n  r1: {listen: 10.91.0.1, ports: {tftp: 6969}}\n"

func TestLoaderSite(t *testing.T) {
	t.Parallel()
	const twoRacks = oneRack + "  r2: {listen: 10.92.0.1}\n"
	for name, tc := range map[string]struct {
		yaml, server string
		c            loaderScript
		want         string // the site, or a part of the error
	}{
		"address":        {"", "10.91.0.9", loaderScript{}, "10.91.0.9  0"},
		"mapped address": {"", "::ffff:10.91.0.9", loaderScript{}, "10.91.0.9  0"},
		"file":           {oneRack, "", loaderScript{}, "10.91.0.1 /srv/x 6969"},
		"both":           {oneRack, "10.91.0.9", loaderScript{}, "10.91.0.9 /srv/x 6969"},
		"rack":           {twoRacks, "", loaderScript{Rack: "r2"}, "10.92.0.1 /srv/x 69"},
		"service address": {"racks:\n  r1: {listen: 10.91.0.1, service_address: 10.91.0.10/24@eth1}\n", "",
			loaderScript{}, "10.91.0.10 /srv/mozpool 69"},
		"which rack": {twoRacks, "", loaderScript{}, "choose with --rack one of r1, r2"},
		"no rack":    {oneRack, "", loaderScript{Rack: "r3"}, `no rack "r3"; it has r1`},
		"no racks":   {"server: x\n", "", loaderScript{}, "has no racks; give --server"},
		"rack only":  {"", "", loaderScript{Rack: "r1"}, "--rack means nothing without --config"},
		"a name":     {"", "img1", loaderScript{}, "--server img1 is no address; loaders have no resolver"},
		"bad MAC":    {"", "10.91.0.9", loaderScript{MAC: "52:54"}, `"52:54" is no MAC address`},
		"broken":     {"rakcs: {}\n", "", loaderScript{}, "did you mean racks?"},
	} {
		if tc.yaml != "" {
			tc.c.Config = filepath.Join(t.TempDir(), "mozpool.yaml")
			if err := os.WriteFile(tc.c.Config, []byte(tc.yaml), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		s, err := tc.c.site(tc.server)
		got := strings.Join([]string{s.Server.String(), s.Files, fmt.Sprint(s.TFTP)}, " ")
		if err != nil {
			got = err.Error()
			if exitCode(err) != exitUsage {
				t.Errorf("%s: exit code %d", name, exitCode(err))
			}
		}
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}
