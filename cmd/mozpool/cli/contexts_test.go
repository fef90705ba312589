package cli

import (
	"bytes"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// local runs a command that talks to no server.
func local(t *testing.T, file string, args ...string) (code int, out string) {
	t.Helper()
	var grammar CLI
	parser, err := kong.New(&grammar, kong.Exit(func(int) { t.Error("kong left") }))
	if err != nil {
		t.Fatal(err)
	}
	command, err := parser.Parse(args)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	err = command.Run(&Local{Out: &said, Output: grammar.Output(), File: file})
	var coded *Error
	if errors.As(err, &coded) {
		return coded.Exit, err.Error()
	}
	return ExitOK, said.String()
}

func TestContexts(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mozpool", "contexts.yaml")
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"context list", 0, "CURRENT  NAME  SERVER  TOKEN  CA\n"},
		{"context add lab http://10.0.0.1:8080", 0, "lab: http://10.0.0.1:8080\n"},
		{"context add office https://img1 --token-file /etc/passwd --ca /etc/hosts", 0, "office: https://img1\n"},
		{"context add y https://img1 --token-file /nowhere/token", ExitUsage, "/nowhere/token cannot be read"},
		{"context add x ftp://img1", ExitUsage, `"ftp://img1" is no address`},
		{"context add a/b http://img1", ExitUsage, "cannot be a name"},
		{"context list -o name", 0, "lab\noffice\n"},
		{"context list", 0, "CURRENT  NAME    SERVER                TOKEN        CA\n*        lab     http://10.0.0.1:8080  -            -\n-        office  https://img1          /etc/passwd  /etc/hosts\n"},
		{"context use nowhere", ExitUsage, "mozpool context list"},
		{"context use office", 0, "office: https://img1\n"},
		{"context remove office", 0, "office is forgotten\n"},
		{"context remove office", ExitUsage, "there is no context"},
		{"context list -o json", 0, "[\n  {\n    \"name\": \"lab\",\n    \"current\": false,\n    \"server\": \"http://10.0.0.1:8080\"\n  }\n]\n"},
	} {
		if code, out := local(t, file, strings.Fields(c.args)...); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit %d, %q; want %q", c.args, code, out, c.want)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.WriteFile(file, []byte("contexts: {lab: {servr: x}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := local(t, file, "context", "list"); code != ExitUsage || !strings.Contains(out, "servr") {
		t.Errorf("exit %d, %s", code, out)
	}
}

// A context's token reaches its own server, whose certificate the context vouches for, and no other.
func TestContextConnects(t *testing.T) {
	var sent string
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Get("Authorization")
		_, _ = w.Write([]byte(`{"racks":[]}`)) // the client says what is wrong with it
	})
	secure, open := httptest.NewTLSServer(answer), httptest.NewServer(answer)
	defer secure.Close()
	defer open.Close()
	dir := t.TempDir()
	file, token, ca := filepath.Join(dir, "contexts.yaml"), filepath.Join(dir, "token"), filepath.Join(dir, "ca.pem")
	write := func(path string, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(token, []byte("s3cret\n"))
	write(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))
	if code, out := local(t, file, "context", "add", "lab", secure.URL, "--token-file", token, "--ca", ca); code != 0 {
		t.Fatal(out)
	}
	t.Setenv("MOZPOOL_CONTEXTS", file)
	for _, c := range []struct {
		name, env string
		globals   Globals
		want      string
	}{
		{"the current one", "", Globals{}, "Bearer s3cret"},
		{"a token of its own", "", Globals{Token: "other"}, "Bearer other"},
		{"the environment's server", open.URL, Globals{}, ""},
		{"the flag's server", "", Globals{Server: open.URL}, ""},
		{"by name, over the environment's", open.URL, Globals{Context: "lab"}, "Bearer s3cret"},
	} {
		t.Setenv("MOZPOOL_SERVER", c.env)
		client, err := connect(&CLI{Globals: c.globals})
		if err != nil {
			t.Fatal(err)
		}
		sent = "nothing"
		if _, err := client.Racks(t.Context()); err != nil || sent != c.want {
			t.Errorf("%s: sent %q, %v", c.name, sent, err)
		}
		client.CloseIdle()
	}
	t.Setenv("MOZPOOL_SERVER", "")
	write(token, nil)
	for name, g := range map[string]Globals{"no such context": {Context: "nowhere"}, "an empty token": {}} {
		if _, err := connect(&CLI{Globals: g}); codeOf(err) != ExitUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
}
