package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func artifactFile(t *testing.T, name, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	writeFile(t, path, data)
	return path
}

func writeFile(t *testing.T, path, data string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestArtifacts: a file is sent once, listed, and removed; what cannot be is told without ending the rest.
func TestArtifacts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const sum = "6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d" // of "image"
	file := artifactFile(t, "v2.img.gz", "image")
	bad := artifactFile(t, "bad name.img", "image2")
	for _, tc := range []struct {
		args []string
		code int
		out  string
		says string
	}{
		{[]string{"push", "-o", "name", file}, 0, sum, ""},
		{[]string{"push", file, file}, 0, "v2.img.gz", ""},
		{[]string{"push", bad}, ExitUsage, "", "bad name.img"},
		{[]string{"push", file + ".none"}, ExitUsage, "", "no such file"},
		{[]string{"push", filepath.Dir(file)}, ExitUsage, "", "no regular file"},
		{[]string{"import", "https://builds/v3.img", "https://builds/v4.img"}, 0, "v4.img", ""},
		{[]string{"import", "-o", "name", "--name", "v5.img", "--sha256", strings.Replace(sum, "6", "7", 1), "https://builds/image"}, ExitRefused, "", "image is not to be had"},
		{[]string{"import", "-o", "name", "--sha256", sum, "https://builds/image"}, 0, sum, ""},
		{[]string{"import", "https://builds/none", "https://builds/v3.img"}, ExitRefused, "v3.img", "none is not to be had"},
		{[]string{"import", "--name", "a", "https://builds/1", "https://builds/2"}, ExitUsage, "", "of one file"},
		{[]string{"import", "https://ann:secret@builds/1"}, ExitUsage, "", "would stand in logs"},
		{[]string{"list"}, 0, "http://builds/n1.img", ""},
		{[]string{"prune", "--dry-run", "--unused-for", "1h"}, 0, "http://builds/n1.img", "3 files would be removed, 1 of them lists of blocks or not whole: 565 bytes"},
		{[]string{"prune", "--unused-for", "soon"}, ExitUsage, "", "12h or 7d"},
		{[]string{"prune", "-o", "name"}, 0, strings.Repeat("c", 64), ""},
		{[]string{"remove", "abc", sum}, ExitFailed, sum + ": removed", "abc"},
		{[]string{"remove", sum}, ExitNotFound, "", sum},
	} {
		code := w.run(t, append([]string{"artifact"}, tc.args...)...)
		if code != tc.code || !strings.Contains(w.out.String(), tc.out) || !strings.Contains(w.err.String(), tc.says) {
			t.Errorf("%v: exit %d, %s, %s", tc.args, code, &w.out, &w.err)
		}
	}
}

func TestTransferDrawsEachPartOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	x := &transfer{out: &out, what: "send a.img", total: 1000, on: true}
	for range 1000 {
		if _, err := x.Write([]byte{0}); err != nil {
			t.Fatal(err)
		}
	}
	x.end()
	if n := strings.Count(out.String(), "\r"); n != 101 || !strings.Contains(out.String(), "send a.img ["+strings.Repeat("#", barWidth)+"] 100 %") {
		t.Errorf("%d lines, %.200q", n, out.String())
	}
	out.Reset()
	silent := &transfer{out: &out, total: 10}
	if _, err := silent.Write(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if silent.end(); out.Len() > 0 {
		t.Errorf("%q", out.String())
	}
}
