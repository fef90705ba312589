package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestWrongKindOfFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"boards:\n- {name: b1}\n":              "the key boards of mozpool.yaml names",
		"images:\n- {name: v1}\n":              "the key images of mozpool.yaml names",
		"hardware:\n  panda: {disk: /dev/x}\n": "the key images of mozpool.yaml names",
	} {
		_, problems, _ := Load(write(t, text))
		if err := problems.Err(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "mozpool config check mozpool.yaml") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestRemarksOfRacks(t *testing.T) {
	t.Parallel()
	for rack, want := range map[string]string{
		"listen: 10.91.0.1":                       "",
		"listen: 127.0.0.1":                       "racks.r1.listen: 127.0.0.1 is this machine only",
		"listen: 10.91.0.1, ports: {tftp: 6969}":  "racks.r1.ports.tftp: it is 6969; loaders ask port 69",
		"listen: 127.0.0.1, ports: {tftp: 6969}":  "is this machine only",
		"listen: 10.91.0.1, ports: {http: 80}":    "",
		"listen: 10.91.0.1, ports: {syslog: 514}": "",
	} {
		_, problems, remarks := Load(write(t, "racks:\n  r1: {"+rack+"}\n"))
		if problems != nil {
			t.Fatal(problems)
		}
		if said := fmt.Sprint(remarks); want != "" && !strings.Contains(said, want) || want == "" && strings.Contains(said, "racks.") {
			t.Errorf("%s: %s", rack, said)
		}
	}
}
