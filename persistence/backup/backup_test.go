package backup

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
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

// artifact names bytes as the server's store does.
func artifact(data string) Artifact {
	sum := sha256.Sum256([]byte(data))
	return Artifact{SHA256: hex.EncodeToString(sum[:]), Name: "v2.img", Size: int64(len(data)), At: head.At}
}

func upload(data string) Upload { return Upload{artifact(data), strings.NewReader(data)} }

// image takes several parts.
var image = strings.Repeat("0123456789abcdef", 10000)

// sample is a backup of a journal to which commits go on while it is written.
func sample(t *testing.T, uploads ...Upload) []byte {
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
	must(t, j.Commit(t.Context(), change("b1", 3))) // after the moment
	var out bytes.Buffer
	must(t, Write(&out, head, Content{Journal: moment, Audit: strings.NewReader(strings.Repeat("who did what\n", 10000)), Uploads: uploads}))
	return out.Bytes()
}

// shelf keeps artifacts in a folder, each whole or not at all.
type shelf string

func (s shelf) keep(a Artifact, body io.Reader) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("keep %s: %w", a.Name, err)
	}
	return os.WriteFile(filepath.Join(string(s), a.SHA256), data, 0o600)
}

// noArtifacts is for backups that have none.
func noArtifacts(a Artifact, _ io.Reader) error { return fmt.Errorf("an artifact %s", a.SHA256) }

// wantWhole looks at a journal that was restored from a sample, and goes on with it.
func wantWhole(t *testing.T, data string) {
	t.Helper()
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

func TestRestore(t *testing.T) {
	t.Parallel()
	data, kept := filepath.Join(t.TempDir(), "data"), t.TempDir()
	spoiled := Upload{artifact("as it came"), strings.NewReader("as it lies")}
	torn := Upload{artifact("torn"), io.MultiReader(strings.NewReader("to"), iotest.ErrReader(errors.New("input/output error")))}
	file := sample(t, upload(image), spoiled, Upload{Artifact: artifact("only named")}, torn, upload(""))
	s, err := Restore(bytes.NewReader(file), data, Options{Keep: shelf(kept).keep})
	must(t, err)
	if s.Server != "img1" || s.Format != Format || s.Keys == 0 || s.Audit != 130000 || !s.At.Equal(head.At) {
		t.Errorf("summary %+v", s)
	}
	want := []Found{{artifact(image), Whole}, {artifact("as it came"), Damaged}, {artifact("only named"), LeftOut}, {artifact("torn"), Damaged}, {artifact(""), Whole}}
	if !slices.Equal(s.Artifacts, want) {
		t.Errorf("artifacts %+v\nwant %+v", s.Artifacts, want)
	}
	for name, want := range map[string]string{artifact(image).SHA256: image, artifact("").SHA256: ""} {
		if got, err := os.ReadFile(filepath.Join(kept, name)); err != nil || string(got) != want {
			t.Errorf("%s has %d bytes, %v", name, len(got), err)
		}
	}
	if all, _ := os.ReadDir(kept); len(all) != 2 {
		t.Errorf("%d artifacts were kept", len(all))
	}
	wantWhole(t, data)
}

// TestRestoreOfFormat1 reads a backup that a mozpool before artifacts wrote.
func TestRestoreOfFormat1(t *testing.T) {
	t.Parallel()
	packed, err := os.Open(filepath.Join("testdata", "backup-1.gz"))
	must(t, err)
	defer func() { must(t, packed.Close()) }()
	r, err := gzip.NewReader(packed)
	must(t, err)
	file, err := io.ReadAll(r)
	must(t, err)
	data := filepath.Join(t.TempDir(), "data")
	s, err := Restore(bytes.NewReader(file), data, Options{Keep: noArtifacts})
	if err != nil || s.Format != 1 || len(s.Artifacts) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	wantWhole(t, data)
}

// TestRestoreOverwritesNothing: neither a journal nor an audit log.
func TestRestoreOverwritesNothing(t *testing.T) {
	t.Parallel()
	file := sample(t)
	data := t.TempDir()
	must(t, os.WriteFile(filepath.Join(data, AuditName), []byte("mine"), 0o600))
	if _, err := Restore(bytes.NewReader(file), data, Options{Keep: noArtifacts}); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(bytes.NewReader(file), data, Options{Keep: noArtifacts}); err == nil || !strings.Contains(err.Error(), "there already") {
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
	good := sample(t, upload(image), Upload{Artifact: artifact("only named")})
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
	if _, err := Restore(bytes.NewReader(good[:len(good)-1]), data, Options{Keep: noArtifacts}); err == nil {
		t.Error("restored what was cut off")
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("something was written: %v", err)
	}
}

func TestOtherFormats(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"mozpool backup 3\n{}\n": "newer version", "mozpool backup x\n": "no backup", "hello\n": "no backup", "": "no backup",
		strings.Repeat("a", 10000): "no backup", "mozpool backup 1\nhead\n": "head", "mozpool backup 1\n{}\n\x02\x02us{}\x00\x00": "has a part"} {
		if _, err := Verify(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %q", text, err, want)
		}
	}
}

// TestArtifactsThatDoNotFit: what is not as the format says is refused also where the checksum of all fits.
func TestArtifactsThatDoNotFit(t *testing.T) {
	t.Parallel()
	a := artifact("x").SHA256
	for text, want := range map[string]string{
		"\x41\x02u" + a + "{}\x01\x01py\x01\x05ewhole": "artifact " + a + " has sha256 " + artifact("y").SHA256,
		"\x41\x02u" + a + "{}\x01\x01py\x01\x04egood":  "goes on with",
		"\x41\x02u" + a + "{}\x01\x01jy":               "goes on with",
		"\x41\x02u" + a + "{}":                         "goes on with",
		"\x41\x01u" + a + "{":                          "the note of artifact",
		"\x01\x01px":                                   "has a part",
		"\x41\x02u" + a + "{}\x01\x01px\x01\x05ewhole": "",
		"\x41\x02u" + a + "{}\x01\x08eleft_out":        "",
	} {
		file := "mozpool backup 2\n{}\n" + text + "\x00\x00"
		sum := sha256.Sum256([]byte(file))
		if _, err := Verify(strings.NewReader(file + string(sum[:]))); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte("mozpool backup 1\n{}\n\x02\x01jk\x00\x00\x00"))
	f.Add([]byte("mozpool backup 2\n{}\n\x41\x02u" + artifact("x").SHA256 + "{}\x01\x01px\x01\x05ewhole\x00\x00"))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = Verify(bytes.NewReader(data)) })
}
