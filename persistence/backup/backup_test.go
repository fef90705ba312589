package backup

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mozpool/persistence"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func change(board string, prev uint64) persistence.Change {
	return persistence.Change{Board: board, Epoch: 3, PrevSeq: prev, Record: fmt.Appendf(nil, "%s %d", board, prev+1), Event: []byte("event"),
		Inputs: bytes.Repeat([]byte("i"), 1000), Attempt: &persistence.Attempt{Number: prev + 1, Summary: []byte("summary")}}
}

var head = Head{Server: "img1", Version: "v1", At: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}

// sample is a backup of a journal to which commits go on while it is written.
func sample(t *testing.T) []byte {
	t.Helper()
	j, err := persistence.OpenLocal(filepath.Join(t.TempDir(), "journal"), persistence.Options{})
	must(t, err)
	defer func() { must(t, j.Close()) }()
	for i := range uint64(3) {
		must(t, j.Commit(t.Context(), change("b1", i)))
		must(t, j.Commit(t.Context(), change("b2", i)))
	}
	must(t, j.PutDoc(t.Context(), persistence.Doc{Kind: "k", Name: "n", Data: []byte("doc")}))
	moment, err := j.Moment()
	must(t, err)
	defer moment.Release()
	must(t, j.Commit(t.Context(), change("b1", 3))) // after the moment
	var out bytes.Buffer
	must(t, Write(&out, head, moment, strings.NewReader(strings.Repeat("who did what\n", 10000))))
	return out.Bytes()
}

func TestRestore(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	s, err := Restore(bytes.NewReader(sample(t)), data, persistence.Options{})
	must(t, err)
	if s.Server != "img1" || s.Format != 1 || s.Keys == 0 || s.Audit != 130000 || !s.At.Equal(head.At) {
		t.Errorf("summary %+v", s)
	}
	j, err := persistence.OpenLocal(filepath.Join(data, "journal"), persistence.Options{})
	must(t, err)
	defer func() { must(t, j.Close()) }()
	found := ""
	for b, err := range j.Load(t.Context(), "") {
		must(t, err)
		found += fmt.Sprintf("%s at %d of %d: %s, %d; ", b.Board, b.Seq, b.Epoch, b.Record, len(b.Inputs))
	}
	if want := "b1 at 3 of 3: b1 3, 1000; b2 at 3 of 3: b2 3, 1000; "; found != want {
		t.Errorf("found %q, want %q", found, want)
	}
	must(t, j.Commit(t.Context(), change("b1", 3))) // life goes on where the moment was
	audit, err := os.ReadFile(filepath.Join(data, AuditName))
	if err != nil || len(audit) != 130000 {
		t.Errorf("audit log of %d bytes, %v", len(audit), err)
	}
}

// TestRestoreOverwritesNothing: neither a journal nor an audit log.
func TestRestoreOverwritesNothing(t *testing.T) {
	t.Parallel()
	file := sample(t)
	data := t.TempDir()
	must(t, os.WriteFile(filepath.Join(data, AuditName), []byte("mine"), 0o600))
	if _, err := Restore(bytes.NewReader(file), data, persistence.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(bytes.NewReader(file), data, persistence.Options{}); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("over a journal: %v", err)
	}
	if mine, _ := os.ReadFile(filepath.Join(data, AuditName)); string(mine) != "mine" {
		t.Errorf("the audit log is now %q", mine)
	}
	if _, err := os.Stat(filepath.Join(data, AuditName+".restored")); err != nil {
		t.Error(err)
	}
}

// TestHarmIsFound: a file cut at any length, or changed at any byte, is refused and leaves no journal.
func TestHarmIsFound(t *testing.T) {
	t.Parallel()
	good := sample(t)
	_, err := Verify(bytes.NewReader(good))
	must(t, err)
	step := max(1, len(good)/400)
	for n := 0; n < len(good); n += step {
		if _, err := Verify(bytes.NewReader(good[:n])); err == nil {
			t.Errorf("cut at %d of %d: not found", n, len(good))
		}
		bad := bytes.Clone(good)
		bad[n] ^= 1
		if _, err := Verify(bytes.NewReader(bad)); err == nil {
			t.Errorf("changed at %d: not found", n)
		}
	}
	if _, err := Verify(bytes.NewReader(append(bytes.Clone(good), 'x'))); err == nil {
		t.Error("one byte more: not found")
	}
	data := filepath.Join(t.TempDir(), "data")
	if _, err := Restore(bytes.NewReader(good[:len(good)-1]), data, persistence.Options{}); err == nil {
		t.Error("restored what was cut off")
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("something was written: %v", err)
	}
}

func TestOtherFormats(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"mozpool backup 2\n{}\n": "newer version", "mozpool backup x\n": "no backup", "hello\n": "no backup", "": "no backup",
		strings.Repeat("a", 10000): "no backup", "mozpool backup 1\nhead\n": "head"} {
		if _, err := Verify(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %q", text, err, want)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte("mozpool backup 1\n{}\n\x02\x01jk\x00\x00\x00"))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = Verify(bytes.NewReader(data)) })
}
