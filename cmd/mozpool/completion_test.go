package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The files that packages bring along are made from the command line as it is.
func TestManualIsCurrent(t *testing.T) {
	t.Parallel()
	k, err := newParser(&program{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := manualFiles(k)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if have, err := os.ReadFile(filepath.Join("packaging", name)); err != nil || !bytes.Equal(have, want) {
			t.Errorf("packaging/%s is not current (%v); write it anew with: make generate", name, err)
		}
	}
}

// Real bash completes what people type.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash on this machine")
	}
	for typed, want := range map[string]string{
		"mozpool boa": "board", "mozpool board lis": "list", "mozpool --server http://x board im": "image", "mozpool board list --wat": "--watch",
		"mozpool board list -o y": "yaml", "mozpool token create x --ro": "--role", "mozpool board power cy": "cycle", "mozpool completion f": "fish",
		"mozpool nonsense board lis": "list",
	} {
		words := strings.Fields(typed)
		script := `source packaging/completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); PATH=; _mozpool; printf '%s\n' "${COMPREPLY[@]}"`
		out, err := exec.CommandContext(t.Context(), shell, append([]string{"-c", script, "bash"}, words...)...).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%s: %q, %v; want %s", typed, out, err, want)
		}
	}
}
