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

// All that is wrong with a board is told at once, each with its line, and only once.
func TestBoardsAreCheckedAtOnce(t *testing.T) {
	t.Parallel()
	_, cfg := site(t, "")
	write(t, cfg.Boards, `boards:
- {name: board1, mac: "52:54:00:01:00:01", rack: r1, hardware: panda, power: "10.91.0.2:bank1:relay1"}
- name: board2
  mac: "52:54:00:01:00:02"
  rack: r9
  hardware: pnada
  power: "10.91.0.2:bank1:relay2"
- {name: board3, mac: "52:54:00:01:00:03", rack: r1, hardware: panda, pover: manual}
- {name: board4, mac: "52:54:00:01:00:04", rack: r1, hardware: panda, power: "10.91.0.2:bank1:relay3"}
- {name: board5, mac: "52:54:00:01:00:05", hardware: panda, power: manual}
`)
	_, err := Check(cfg)
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	lines := strings.Split(err.Error(), "\n")
	wants := []string{":5:9: boards[1].rack: ", ":6:13: boards[1].hardware: ", ":8:71: boards[2].pover: ", ":10:3: boards[4].rack: board board5 has no rack"}
	if len(lines) != len(wants) {
		t.Errorf("%d problems, want %d:\n%v", len(lines), len(wants), err)
	}
	for i, want := range wants {
		if i < len(lines) && !strings.HasPrefix(lines[i], cfg.Boards+want) {
			t.Errorf("line %d is %q, want %q", i, lines[i], want)
		}
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
