package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mozpool/cmd/mozpool/config"
	"mozpool/cmd/mozpool/doctor"
	"mozpool/cmd/mozpool/server/servertest"
)

// TestDoctorOfServer examines a server that runs: what it knows of itself is asked of it.
func TestDoctorOfServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := servertest.Run(t, dir, servertest.Small)
	cfg, _, err := loadConfig(filepath.Join(dir, "mozpool.yaml"), config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	p := &program{}
	p.Server = s.APIURL()
	api, asked, err := (&doctorCommand{}).server(t.Context(), p, cfg)
	if err != nil || api == nil || asked.Level != doctor.Green {
		t.Fatalf("%+v, %v", asked, err)
	}
	var site doctor.Site
	site.Config = cfg
	if f := readSite(t.Context(), &site, api, nil); f.Level != doctor.Green || len(site.Hardware) == 0 {
		t.Errorf("%+v with %d hardware types", f, len(site.Hardware))
	}
}

// Where the inventory has sources, the doctor looks at the boards of those, and not at the boards file.
func TestDoctorAsksSources(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"mozpool.yaml": "data: data\nfiles: files\ninventory: {sources: [{name: lab, file: lab.csv}]}\nracks:\n  r1: {listen: 127.0.0.1}\n",
		"boards.yaml":  "nonsense",
		"lab.csv":      "name,mac,rack,hardware\nb1,525400000001,r1,panda\nb2,52540000,r1,panda\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, _, err := loadConfig(filepath.Join(dir, "mozpool.yaml"), config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	boards, found, err := askSources(t.Context(), cfg)
	if err != nil || len(boards) != 1 || len(found) != 1 || found[0].Level != doctor.Amber {
		t.Fatalf("%+v, %+v, %v", boards, found, err)
	}
	site := doctor.Site{Config: cfg}
	if f := readSite(t.Context(), &site, nil, boards); f.Level != doctor.Green || len(site.Boards) != 1 {
		t.Errorf("%+v with %d boards", f, len(site.Boards))
	}
}

func TestDoctorExit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if code := run([]string{"doctor", "--config", filepath.Join(dir, "none.yaml")}); code != exitUsage {
		t.Errorf("without a configuration it ends with %d", code)
	}
	path := filepath.Join(dir, "mozpool.yaml")
	text := fmt.Sprintf("data: %s\nfiles: files\nracks:\n  r1: {listen: 192.0.2.1}\n", dir) // of documentation: on no machine
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if code := run([]string{"--server", "http://127.0.0.1:1", "doctor", "--config", path, "-o", "json"}); code != exitFailed {
		t.Errorf("with an address that is not there it ends with %d", code)
	}
}

func TestDoctorForms(t *testing.T) {
	t.Parallel()
	r := doctor.Report{Level: doctor.Green}.With(doctor.Finding{Check: "clock", Level: doctor.Green, Text: "is kept right"}).
		With(doctor.Finding{Check: "dns", Subject: "relay1", Level: doctor.Red, Text: "is not found", Remedy: "write its address"})
	var table, js bytes.Buffer
	if err := writeReport(&table, r); err != nil {
		t.Fatal(err)
	}
	const want = "red    dns relay1: is not found\n       -> write its address\ngreen  clock: is kept right\n"
	if table.String() != want {
		t.Errorf("got\n%s", table.String())
	}
	if err := writeJSON(&js, r); err != nil {
		t.Fatal(err)
	}
	var back doctor.Report
	if err := json.Unmarshal(js.Bytes(), &back); err != nil || back.Level != doctor.Red || len(back.Findings) != 2 {
		t.Errorf("%v: %s", err, js.String())
	}
	if !strings.Contains(js.String(), `"remedy": ""`) {
		t.Errorf("a key is left out: %s", js.String())
	}
}
