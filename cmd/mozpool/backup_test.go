package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mozpool/cmd/mozpool/cli"
	"mozpool/cmd/mozpool/server/servertest"
	"mozpool/httpapi/client"
	"mozpool/netboot/images"
)

// speaking is what commands get, with what they say.
func speaking(t *testing.T, url string) (*cli.Context, *bytes.Buffer) {
	t.Helper()
	c, err := client.New(url, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	var out bytes.Buffer
	return &cli.Context{Context: t.Context(), Client: c, Out: &out, Err: &out}, &out
}

// TestBackupCommands: backup, verify and restore, each once more than they may.
func TestBackupCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, out := speaking(t, servertest.Run(t, dir, "server: img7\n"+servertest.Small).APIURL())
	file, data := filepath.Join(dir, "backup"), filepath.Join(dir, "restored")
	for _, do := range []func() error{
		func() error { return (&backupCommand{File: file}).Run(c) },
		func() error { return (&verifyCommand{file}).Run(c) },
		func() error { return (&restoreCommand{file, data}).Run(c) },
	} {
		out.Reset()
		if err := do(); err != nil || !strings.HasPrefix(out.String(), "backup of img7 at ") {
			t.Errorf("%v, said %q", err, out)
		}
	}
	if err := (&backupCommand{File: file}).Run(c); exitCode(err) != exitUsage {
		t.Errorf("over a file: %v", err)
	}
	if err := (&restoreCommand{file, data}).Run(c); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("over a journal: %v", err)
	}
	if err := (&verifyCommand{filepath.Join(dir, "mozpool.yaml")}).Run(c); err == nil || !strings.Contains(err.Error(), "no backup") {
		t.Errorf("another file: %v", err)
	}
	if err := (&verifyCommand{file + "x"}).Run(c); exitCode(err) != exitUsage {
		t.Errorf("no file: %v", err)
	}
}

// TestBackupThatEndsEarly leaves no file behind.
func TestBackupThatEndsEarly(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("mozpool backup 1\n{}\n"))
	}))
	defer s.Close()
	c, _ := speaking(t, s.URL)
	dir := t.TempDir()
	if err := (&backupCommand{File: filepath.Join(dir, "backup")}).Run(c); err == nil || !strings.Contains(err.Error(), "could not write all") {
		t.Errorf("%v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestBackupOfArtifacts: with them, without them, and with one that the disk has spoiled.
func TestBackupOfArtifacts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, out := speaking(t, servertest.Run(t, dir, "server: img7\n"+servertest.Small).APIURL())
	image := filepath.Join(dir, "v3.img")
	if err := os.WriteFile(image, []byte("what boards are to get"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (&cli.ArtifactPush{File: []string{image}}).Run(c); err != nil {
		t.Fatal(err)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte("what boards are to get")))
	lies := func(data string) string { return filepath.Join(dir, data, "store", images.UploadFolder, sum) }
	step := func(name, says string, lying bool, without bool, fails string) {
		t.Helper()
		out.Reset()
		file, data := filepath.Join(dir, name+".backup"), name
		for _, do := range []func() error{
			func() error { return (&backupCommand{File: file, WithoutArtifacts: without}).Run(c) },
			func() error { return (&restoreCommand{file, filepath.Join(dir, data)}).Run(c) },
		} {
			if err := do(); (err != nil) != (fails != "") || err != nil && (!strings.Contains(err.Error(), fails) || exitCode(err) != exitFailed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if strings.Count(out.String(), says) != 2 {
			t.Errorf("%s: said %q, want %q", name, out, says)
		}
		if got, err := os.ReadFile(lies(data)); (err == nil) != lying || lying && string(got) != "what boards are to get" {
			t.Errorf("%s: restored %q, %v", name, got, err)
		}
	}
	step("whole", "1 artifacts with 22 bytes", true, false, "")
	step("without", "left out, to be pushed again after a restore: "+sum+" (v3.img)", false, true, "")
	if err := os.WriteFile(lies("data"), []byte("what boards are to got"), 0o600); err != nil {
		t.Fatal(err)
	}
	step("spoiled", "0 artifacts with 0 bytes", false, false, "damaged on the server's disk already, and cannot be restored: "+sum)
}
