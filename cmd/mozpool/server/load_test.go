package server

import (
	"path/filepath"
	"strings"
	"testing"

	"mozpool/cmd/mozpool/config"
)

// A word that one file takes from another is said with the one that was probably meant.
func TestNearNames(t *testing.T) {
	dir, cfg := site(t, "")
	for board, want := range map[string]string{
		"rack: r1, hardware: pnada": `hardware type "pnada" is not known; did you mean panda?`,
		"rack: r1, hardware: zzz":   "add it to " + filepath.Join(dir, "images.yaml"),
		"rack: r2, hardware: panda": `rack "r2" is not in the configuration; did you mean r1?`,
	} {
		write(t, cfg.Boards, "boards:\n- {name: board1, mac: \"52:54:00:01:00:01\", "+board+"}\n")
		if _, err := Check(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", board, err)
		}
	}
	if _, problems, _ := config.Load(cfg.Boards); problems.Err() == nil {
		t.Error("a boards file was taken for a configuration")
	}
}

// What would keep a server from starting is told by the check of its files, all at once.
func TestSecretsAreChecked(t *testing.T) {
	t.Parallel()
	dir, cfg := site(t, "")
	short := filepath.Join(dir, "hook.secret")
	write(t, short, "too short\n")
	cfg.Webhooks = []config.Webhook{{URL: "http://ci.example/in", SecretFile: short}}
	cfg.API.Tokens, cfg.API.Cert, cfg.API.Key = filepath.Join(dir, "tokens.yaml"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	_, err := Check(cfg)
	for _, want := range []string{"api.tokens", "mozpool token create", "api.cert", "the key in " + short + " has 9 bytes"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}
