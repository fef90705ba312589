package server

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pin/tftp/v3"

	"mozpool/httpapi/client"
)

// TestCrashDumps: what a board writes to its rack's server is in its folder, and people get it from the API; a server that
// was told of no limit takes nothing.
func TestCrashDumps(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{true, false} {
		dir, cfg := site(t, "")
		write(t, filepath.Join(dir, "boards.yaml"), "boards:\n- {name: board1, mac: \"52:54:00:01:00:01\", rack: r1, hardware: panda, address: 127.0.0.1}\n")
		if on {
			cfg.CrashDumps.PerBoard, cfg.CrashDumps.File = 1<<20, 1<<20
		}
		s := serve(t, cfg)
		err := dump(s.Racks()["r1"].TFTP.String(), "what it knew")
		if !on {
			if err == nil || !strings.Contains(err.Error(), "nothing is written here") {
				t.Errorf("a server that takes none: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		c, err := client.New(s.APIURL(), client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseIdle()
		all, err := c.Dumps(t.Context(), "board1")
		if err != nil || len(all) != 1 {
			t.Fatalf("%+v, %v", all, err)
		}
		var got bytes.Buffer
		if err := c.ReadDump(t.Context(), "board1", all[0].Name, &got); err != nil || got.String() != "what it knew" {
			t.Errorf("%q, %v", &got, err)
		}
		kept := filepath.Join(cfg.Data, "dumps", "board1", all[0].Name)
		if _, err := os.Stat(kept); err != nil {
			t.Error(err)
		}
		if err := c.DeleteDump(t.Context(), "board1", all[0].Name); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(kept); err == nil {
			t.Error("it is still there")
		}
	}
}

// dump writes as a board does.
func dump(server, text string) error {
	c, err := tftp.NewClient(server)
	if err != nil {
		return err
	}
	to, err := c.Send("vmcore", "octet")
	if err != nil {
		return err
	}
	_, err = to.ReadFrom(strings.NewReader(text))
	return err
}
