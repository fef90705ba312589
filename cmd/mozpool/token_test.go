package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mozpool/httpapi/access"
)

func TestTokenVerbs(t *testing.T) {
	t.Parallel()
	p := &program{}
	p.Tokens.File = filepath.Join(t.TempDir(), "tokens.yaml")
	if err := (&tokenList{Output: "table"}).Run(p); err == nil || !strings.Contains(err.Error(), p.Tokens.File) || !strings.Contains(err.Error(), "mozpool token create") {
		t.Errorf("the list of a file that is not there: %v", err)
	}
	for _, c := range []struct {
		create tokenCreate
		good   bool
	}{
		{tokenCreate{Name: "ann", Role: access.Admin}, true},
		{tokenCreate{Name: "ci", Role: access.Operator, Rack: []string{"r1"}, Expires: time.Hour}, true},
		{tokenCreate{Name: "ann", Role: access.Viewer}, false},
		{tokenCreate{Name: "a b", Role: access.Viewer}, false},
		{tokenCreate{Name: "late", Role: access.Viewer, Expires: -time.Hour}, false},
	} {
		if err := c.create.Run(p); (err == nil) != c.good {
			t.Errorf("%+v: %v", c.create, err)
		}
	}
	_, tokens, err := p.Tokens.load()
	if err != nil || len(tokens) != 2 || tokens[1].Racks[0] != "r1" || tokens[1].Expires.Sub(tokens[1].Created) != time.Hour {
		t.Fatalf("%+v: %v", tokens, err)
	}
	var coded interface{ ExitCode() int }
	if err := (&tokenRevoke{Name: []string{"ann", "nobody"}}).Run(p); !errors.As(err, &coded) || coded.ExitCode() != 3 {
		t.Errorf("%v", err)
	}
	if err := (&tokenRevoke{Name: []string{"ann"}}).Run(p); err != nil {
		t.Fatal(err)
	}
	if _, tokens, err := p.Tokens.load(); err != nil || len(tokens) != 1 || tokens[0].Name != "ci" {
		t.Errorf("%+v: %v", tokens, err)
	}
}

func TestTokensFileOfTheConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "mozpool.yaml")
	for text, want := range map[string]string{"api: {tokens: t.yaml}\n": filepath.Join(dir, "t.yaml"), "server: x\n": "", "apis: {}\n": ""} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if path, err := (&tokenCommand{Config: file}).path(); path != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, path, err)
		}
	}
}

func TestTokenTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	err := writeTokens(&out, []access.Token{{Name: "ann", Role: access.Admin, Created: at}, {Name: "ci", Role: access.Viewer, Racks: []string{"r1", "r2"}, Created: at, Expires: at.Add(time.Hour)}}, at.Add(time.Hour))
	want := `NAME  ROLE    RACKS  CREATED              EXPIRES
ann   admin   all    2026-11-23 12:00:00  never
ci    viewer  r1,r2  2026-11-23 12:00:00  2026-11-23 13:00:00 (over)
`
	if err != nil || out.String() != want {
		t.Errorf("%v\n%s", err, out.String())
	}
	if strings.Contains(out.String(), "sha256") {
		t.Error("hashes are nobody's business")
	}
}

// TestTokensForPrograms: every form names the tokens, and none tells what they are.
func TestTokensForPrograms(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC)
	secret, ann := access.Create(access.Token{Name: "ann", Role: access.Admin, Created: at})
	ci := access.Token{Name: "ci", Role: access.Viewer, Racks: []string{"r1"}, Created: at, Expires: at.Add(time.Hour)}
	for form, want := range map[string]string{
		"name":  "ann\nci\n",
		"json":  `"racks": [],`,
		"yaml":  "- name: ann\n",
		"table": "ann   admin   all",
	} {
		var out bytes.Buffer
		if err := (&tokenList{Output: form}).write(&out, []access.Token{ann, ci}, at); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), want) || strings.Contains(out.String(), secret) || strings.Contains(strings.ToLower(out.String()), "hash") {
			t.Errorf("%s: %s", form, &out)
		}
	}
}
