package cli

import (
	"bytes"
	"testing"
)

// Words that readers of YAML 1.1 take for true and false are quoted, and each thing is a document.
func TestYAMLForOldReaders(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := &Context{Out: &out, Output: "yaml"}
	type thing struct {
		Power string `json:"power"`
		Text  string `json:"text"`
		Good  bool   `json:"good"`
	}
	for _, v := range []thing{{"on", "only", true}, {"Off", "no", false}} {
		if err := c.show(v, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	const want = "---\npower: \"on\"\ntext: only\ngood: true\n---\npower: \"Off\"\ntext: \"no\"\ngood: false\n"
	if out.String() != want {
		t.Errorf("%s", &out)
	}
}
