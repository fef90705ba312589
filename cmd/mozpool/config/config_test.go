package config

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mozpool.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const good = `
server: img1
data: data
api: {listen: "127.0.0.1:0"}
racks:
  r1: {listen: 10.91.0.1, service_address: 10.91.0.10/24@eth1, health: {every: 1h}}
`

func TestLoadOK(t *testing.T) {
	t.Parallel()
	path := write(t, good)
	c, problems, remarks := Load(path)
	if problems != nil {
		t.Fatal(problems)
	}
	r := c.Racks["r1"]
	if c.Data != filepath.Join(filepath.Dir(path), "data") || c.Files != "/srv/mozpool" {
		t.Errorf("data %q, files %q: want data beside the file, and files at its default", c.Data, c.Files)
	}
	if len(r.Servers) != 1 || r.Servers[0] != "img1" || r.Ports != (Ports{8000, 69, 514}) || r.BootsAtOnce != 16 {
		t.Errorf("rack defaults are missing: %+v", r)
	}
	if r.Health.Every.Std() != time.Hour || r.Health.OnFailure != OnFailureReport {
		t.Errorf("health %+v: want the hour given and the default beside it", r.Health)
	}
	if r.BoardAddress() != netip.MustParseAddr("10.91.0.10") || r.ServiceAddress.String() != "10.91.0.10/24@eth1" {
		t.Errorf("service address %v", r.ServiceAddress)
	}
	if len(remarks) < 3 {
		t.Errorf("remarks %q: want one for each of data, boards and images that do not exist", remarks)
	}
}

func TestLoadBad(t *testing.T) {
	t.Parallel()
	rack := func(keys string) string { return "server: a\nracks:\n  r1: {listen: 10.0.0.1, " + keys + "}\n" }
	for name, tc := range map[string]struct{ text, want string }{
		"bad API beyond loopback":    {"api: {listen: \"0.0.0.0:80\"}", ":1:15: api.listen: listens beyond loopback"},
		"bad API host name":          {"api: {listen: \"server:80\"}", "beyond loopback"},
		"bad listen form":            {"api: {listen: localhost}", "is no listen address"},
		"bad port":                   {"api: {listen: \"127.0.0.1:70000\"}", "is no listen address"},
		"bad server name":            {"server: a/b", "cannot be a server's name"},
		"bad unknown key":            {"serber: a", ":1:1: serber: unknown key; did you mean server?"},
		"bad rack without server":    {rack("servers: [b]"), "racks.r1.servers: this server, a, is not among"},
		"bad server twice":           {rack("servers: [a, a]"), "listed twice"},
		"bad rack port range":        {rack("ports: {http: 65536}"), "from 0 to 65535"},
		"bad same port twice":        {rack("ports: {tftp: 514}"), "udp port 514 of 10.0.0.1 is already that of racks.r1.ports.tftp"},
		"bad port of every address":  {rack("ports: {http: 8080}") + "api: {listen: \"0.0.0.0:8080\", tokens: t}\n", "tcp port 8080 of 10.0.0.1 is already that of api.listen"},
		"bad new_boards":             {rack("new_boards: wat"), "did you mean wait?"},
		"bad on_failure":             {rack("health: {on_failure: off}"), "none of the choices"},
		"bad failed_power_state":     {rack("failed_power_state: on"), "none of the choices"},
		"bad service address":        {rack("service_address: 10.0.0.9"), "write ADDRESS/BITS@INTERFACE"},
		"bad service address family": {rack("service_address: fd00::1/64@eth0"), "same family"},
		"bad rack listen with port":  {"server: a\nracks: {r1: {listen: \"10.0.0.1:80\"}}", "ports have their own key"},
		"bad rack without listen":    {"server: a\nracks: {r1: {}}", "has no listen address"},
		"bad rack unspecified":       {"server: a\nracks: {r1: {listen: 0.0.0.0}}", "boards cannot be told"},
		"bad boots at once":          {rack("boots_at_once: 0"), "between 1 and 10000"},
		"bad duration":               {rack("power_on_gap: 150"), "is no duration"},
		"bad gap":                    {rack("power_on_gap: 1h"), "too long"},
		"bad health":                 {rack("health: {every: 1s}"), "too often"},
		"bad rack name":              {"server: a\nracks: {\"r/1\": {listen: 10.0.0.1}}", "cannot be a rack's name"},
		"bad network":                {"old_api: {listen: \"10.0.0.1:80\", allow: [10.0.0.1/8]}", "write 10.0.0.0/8"},
		"bad allow without listen":   {"old_api: {allow: [10.0.0.0/8]}", "old_api.listen is empty"},
		"bad time of the unused":     {"store: {keep_unused: 59m}", "59m is shorter than the hour that every file stays; 168h is the default"},
		"bad dumps per board":        {"crash_dumps: {per_board: 4}", "4 has no room for a dump; 256MiB is usual"},
		"bad dump file":              {"crash_dumps: {per_board: 1MiB, file: 0}", "0 has no room"},
		"bad dumps":                  {"crash_dumps: {per_board: 32MiB}", "64MiB for one dump is more than the 32MiB"},
		"bad dumps unit":             {"crash_dumps: {per_board: 1MB}", "is no size"},
		"bad same folder":            {"data: /x\nfiles: /x", "same folder"},
		"bad empty path":             {"boards: \"\"", "boards: is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems, _ := Load(write(t, tc.text))
			if !strings.Contains(problems.Error(), tc.want) {
				t.Errorf("got:\n%s\nwant: %s", problems.Error(), tc.want)
			}
		})
	}
}

func TestLoadReportsAllAtOnce(t *testing.T) {
	t.Parallel()
	_, problems, _ := Load(write(t, "serber: a\ndata: 5\napi: {listen: \"0.0.0.0:1\"}\nracks:\n  r1: {listen: nowhere, new_boards: x}\n"))
	if len(problems) != 5 {
		t.Errorf("want 5 problems, got %d:\n%s", len(problems), problems.Error())
	}
}

func TestLoadMissing(t *testing.T) {
	t.Parallel()
	_, problems, _ := Load(filepath.Join(t.TempDir(), "none.yaml"))
	if len(problems) != 1 || !strings.Contains(problems.Error(), "mozpool config default >") {
		t.Errorf("got %v: want the remedy", problems)
	}
}

func TestPortsZeroNeverCollide(t *testing.T) {
	t.Parallel()
	text := "server: a\nracks:\n  r1: {listen: 127.0.0.1, ports: {http: 0, tftp: 0, syslog: 0}}\n  r2: {listen: 127.0.0.1, ports: {http: 0, tftp: 0, syslog: 0}}\n"
	if _, problems, _ := Load(write(t, text)); problems != nil {
		t.Error(problems)
	}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	env := map[string]string{EnvServer: "env", EnvData: "/env", "MOZPOOL_SERVER": "http://elsewhere"}
	c, problems, _ := Load(write(t, good), FromEnvironment(func(n string) string { return env[n] }), Overrides{Data: "/flag"})
	if problems != nil {
		t.Fatal(problems)
	}
	if c.Server != "env" || c.Data != "/flag" || c.API.Listen != "127.0.0.1:0" {
		t.Errorf("server %q, data %q, listen %q: want flags over environment over file", c.Server, c.Data, c.API.Listen)
	}
}

func TestWriteDefault(t *testing.T) {
	t.Parallel()
	zero := uint16(0)
	for name, o := range map[string]DefaultOptions{
		"default": {Server: "img1"},
		"filled":  {Server: "img1", Data: "data \"x\"", Files: "files", Listen: "127.0.0.2:0", HTTP: &zero, TFTP: &zero, Syslog: &zero},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := WriteDefault(&out, o); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".yaml")
			if *update {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || !bytes.Equal(want, out.Bytes()) {
				t.Errorf("differs from %s (err %v), see -update:\n%s", golden, err, out.String())
			}
			c, problems, _ := Load(write(t, out.String()))
			if problems != nil {
				t.Fatalf("Load refuses it: %v", problems)
			}
			if c.Server != "img1" || len(c.Racks) != 1 {
				t.Errorf("loaded %+v", c)
			}
			if name == "filled" && (c.Racks["r1"].Ports != Ports{} || c.API.Listen != "127.0.0.2:0" || c.Racks["r1"].Listen.String() != "127.0.0.2") {
				t.Errorf("values are not filled in: %+v", c)
			}
		})
	}
}
