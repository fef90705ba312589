package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWebhooks(t *testing.T) {
	t.Parallel()
	for hook, want := range map[string]string{
		`{url: "https://ci.example/in", secret_file: k, rack: r1, board: "b*", states: [failed, ready]}`: "",
		`{url: "ci.example", secret_file: k}`:                          "url",
		`{url: "https://ci.example"}`:                                  "openssl",
		`{url: "https://ci.example", secret_file: k, rack: r2}`:        "no rack r2",
		`{url: "https://ci.example", secret_file: k, board: "["}`:      "pattern",
		`{url: "https://ci.example", secret_file: k, states: [happy]}`: "happy",
		`{url: "https://ci.example", secret_file: k, state: failed}`:   "states",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "mozpool.yaml")
		if err := os.WriteFile(path, []byte("webhooks:\n- "+hook+"\nracks: {r1: {listen: 127.0.0.1}}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, problems, _ := Load(path)
		err := problems.Err()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", hook, err)
		}
		if err == nil && c.Webhooks[0].SecretFile != filepath.Join(dir, "k") {
			t.Errorf("the key is looked for at %s", c.Webhooks[0].SecretFile)
		}
	}
}
