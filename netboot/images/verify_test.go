package images

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file whose content changed under its old size and time is served by nobody's suspicion; only reading it finds that.
func TestVerify(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.put("artifacts/a.img", []byte("one"))
	s.put("artifacts/b.img", []byte("two"))
	s.put("scripts/x.sh", []byte("mp_reboot\n"))
	c := s.must("images:\n- name: v1\n  hardware: [qemu-arm64]\n  install: script\n  script: scripts/x.sh\n  artifacts:\n" +
		"  - {name: a, file: a.img}\n  - {name: b, file: b.img}\n  - {name: c, file: \"{{.Config.build}}.img\", allow: [\"*.img\"]}\n  config_keys: [build]\n")
	i, _ := c.Image("v1")
	all, err := c.Verify(t.Context(), i)
	if err != nil || len(all) != 2 || all[0].Problem != "" || all[0].Got != all[0].Want || len(all[0].Got) != 64 || all[1].Problem != "" {
		t.Fatalf("%+v, %v", all, err)
	}
	path := filepath.Join(s.dir, "files", "artifacts", "a.img")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	s.put("artifacts/a.img", []byte("bad"))
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(s.dir, "files", "artifacts", "b.img")); err != nil {
		t.Fatal(err)
	}
	all, err = c.Verify(t.Context(), i)
	if err != nil || !strings.Contains(all[0].Problem, "not what it was") || all[0].Got == all[0].Want || !strings.Contains(all[1].Problem, "not there") {
		t.Errorf("%+v, %v", all, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := c.Verify(ctx, i); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
