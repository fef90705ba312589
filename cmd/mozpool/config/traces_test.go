package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTraces(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"":                               "",
		"http://127.0.0.1:4318":          "",
		"https://otel.example/v1/traces": "",
		"127.0.0.1:4318":                 "no address",
		"grpc://otel.example:4317":       "no address",
		"http://ann:secret@otel.example": "OTEL_EXPORTER_OTLP_HEADERS",
	} {
		path := filepath.Join(t.TempDir(), "mozpool.yaml")
		if err := os.WriteFile(path, []byte("traces: {endpoint: \""+endpoint+"\"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, problems, _ := Load(path)
		err := problems.Err()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", endpoint, err)
		}
		if err == nil && c.Traces.Endpoint != endpoint {
			t.Errorf("%+v", c.Traces)
		}
	}
}
