package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A token that anybody on the way can read is worth a remark, but for those that never leave the machine.
func TestInventoryRemarks(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]int{
		`{url: "http://x.example/b", token_env: A}`:                        1,
		`{netbox: "http://10.0.0.9:8000", filter: a=b, token_file: k}`:     1,
		`{url: "http://x.example/b"}`:                                      0,
		`{url: "https://x.example/b", token_env: A}`:                       0,
		`{netbox: "http://127.0.0.1:8000", filter: a=b, token_file: k}`:    0,
		`{mozilla: "http://localhost", user: a, filter: b, token_file: k}`: 0,
		`{mozilla: "http://inventory", user: a, filter: b, token_file: k}`: 1,
	} {
		path := filepath.Join(t.TempDir(), "mozpool.yaml")
		text := "inventory: {sources: [" + strings.Replace(source, "{", "{name: lab, ", 1) + "]}\nracks: {r1: {listen: 127.0.0.1}}\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, problems, remarks := Load(path)
		if err := problems.Err(); err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		got := 0
		for _, r := range remarks {
			if strings.HasPrefix(string(r), "inventory.sources[0].") {
				got++
			}
		}
		if got != want {
			t.Errorf("%s: %q", source, remarks)
		}
	}
}

func TestInventory(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{sources: [{name: lab, file: lab.csv}, {name: web, url: "https://x.example/b", token_file: k}]}`: "",
		`{every: 1s, sources: [{name: lab, file: lab.csv}]}`:                                              "too often",
		`{sources: [{name: lab, file: a}, {name: lab, file: b}]}`:                                         "two sources lab",
		`{sources: [{name: a/b, file: a}]}`:                                                               "cannot be a source's name",
		`{sources: [{name: lab}]}`:                                                                        "one of file, url, netbox and mozilla",
		`{sources: [{name: lab, file: a, url: "http://x/b"}]}`:                                            "one of file, url, netbox and mozilla",
		`{sources: [{name: lab, url: "ftp://x/b"}]}`:                                                      "no url that can be used",
		`{sources: [{name: lab, url: "http://me:word@x/b"}]}`:                                             "token file",
		`{sources: [{name: lab, url: "http://x/b", token_file: a, token_env: B}]}`:                        "keep one",
		`{sources: [{name: lab, file: a, token_env: B}]}`:                                                 "a file wants none",
		`{sources: [{name: lab, file: lab.csv}, {name: nb, netbox: "https://n.example/nb", token_file: k, filter: "role=board&status=active", fields: {rack: site, power: cf_pdu, address: ""}, racks: {lab-1: r1}, hardware: {es: panda}, interface: eth0}]}`: "",
		`{sources: [{name: lab, file: lab.csv}, {name: nb, netbox: "https://n.example", token_file: k, filter: a=b}, {name: nb2, netbox: "https://n2.example", filter: a=b, ids: second}]}`:                                                                    "",
		`{sources: [{name: a, netbox: "https://n.example", filter: a=b}, {name: b, netbox: "https://n2.example", filter: a=b}]}`:                                                                                                                               "a and b give their boards ids of one kind",
		`{sources: [{name: lab, netbox: "https://n.example"}]}`:                                     "wants a filter",
		`{sources: [{name: lab, netbox: "https://n.example", filter: "role=b&limit=1"}]}`:           "has limit",
		`{sources: [{name: lab, netbox: "https://n.example", filter: a=b, fields: {rack: room}}]}`:  "\"room\" is nothing of a device",
		`{sources: [{name: lab, netbox: "https://n.example", filter: a=b, fields: {mac: serial}}]}`: "no field that can be chosen",
		`{sources: [{name: lab, netbox: netbox.example, filter: a=b}]}`:                             "no netbox that can be used",
		`{sources: [{name: lab, netbox: "https://n.example", filter: a=b, ids: "a b"}]}`:            "cannot stand before ids",
		`{sources: [{name: lab, file: lab.csv}, {name: moz, mozilla: "https://i.example", user: me, token_file: k, filter: panda, ignore: "^x-.*", racks: {a.b.c: r1}, hardware: {"Pandaboard ES": panda}}]}`: "",
		`{sources: [{name: lab, file: lab.csv}, {name: web, url: "https://x.example/b", token_file: k, ca: ca.pem}]}`:                                                                                         "",
		`{sources: [{name: lab, file: lab.csv, ca: ca.pem}]}`:                                "has ca, but a file wants none",
		`{sources: [{name: moz, mozilla: "https://i.example"}]}`:                             "wants a filter",
		`{sources: [{name: moz, mozilla: "https://i.example", filter: a, token_env: B}]}`:    "user and token",
		`{sources: [{name: moz, mozilla: "https://i.example", filter: a, ignore: "("}]}`:     "no regular expression",
		`{sources: [{name: moz, mozilla: "https://i.example", filter: a, interface: eth0}]}`: "has interface, but a mozilla wants none",
		`{sources: [{name: lab, url: "https://n.example/b", filter: a=b}]}`:                  "has filter, but a url wants none",
		`{sources: [{name: lab, url: "http://x/b", netbox: "http://n"}]}`:                    "one of file, url, netbox and mozilla",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "mozpool.yaml")
		if err := os.WriteFile(path, []byte("inventory: "+text+"\nracks: {r1: {listen: 127.0.0.1}}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, problems, remarks := Load(path)
		err := problems.Err()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
		if err == nil && (c.Inventory.Sources[0].File != filepath.Join(dir, "lab.csv") || c.Inventory.Sources[1].TokenFile != filepath.Join(dir, "k") || c.Inventory.Every.Std() != 30*time.Minute) {
			t.Errorf("%+v", c.Inventory)
		}
		for _, r := range remarks {
			if strings.HasPrefix(string(r), "boards:") {
				t.Errorf("a file that is not read is missed: %s", r)
			}
		}
	}
}
