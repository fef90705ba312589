package member

import (
	"os"
	"path/filepath"
	"testing"
)

// What is made can be read, belongs to its server, and is kept when more servers are added.
func TestMakeIdentities(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	made, err := MakeIdentities(dir, "lab", []string{"s1", "s2"})
	if err != nil || len(made) != 2 {
		t.Fatalf("made %v, %v", made, err)
	}
	one, err := ReadIdentity(filepath.Join(dir, "s1"))
	if err != nil || one.owns("s1") != nil {
		t.Fatal(err)
	}
	if made, err = MakeIdentities(dir, "lab", []string{"s1", "s3"}); err != nil || len(made) != 1 || made[0] != filepath.Join(dir, "s3") {
		t.Errorf("made %v, %v", made, err)
	}
	three, err := ReadIdentity(filepath.Join(dir, "s3"))
	if err != nil || string(three.Authority) != string(one.Authority) || string(three.Keys[0]) != string(one.Keys[0]) || three.owns("s3") != nil {
		t.Errorf("a server that was added later is not of the same cluster: %v", err)
	}
	for _, secret := range []string{FileAuthorityKey, FileGossip, "s1/" + FileKey} {
		if info, err := os.Stat(filepath.Join(dir, secret)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", secret, info, err)
		}
	}
	if err := os.Remove(filepath.Join(dir, FileAuthorityKey)); err != nil {
		t.Fatal(err)
	}
	if _, err := MakeIdentities(dir, "lab", []string{"s4"}); err == nil {
		t.Error("a server was added without the authority's key")
	}
}
