package cli

import (
	"path/filepath"
	"strings"
	"testing"

	v1 "mozpool/httpapi/v1"
)

func TestImagePush(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := artifactFile(t, "v3.img.gz", "image")
	entry := filepath.Join(filepath.Dir(file), "entry.yaml")
	empty := artifactFile(t, "empty.img", "")
	put := func(text string) { writeFile(t, entry, text) }
	for _, tc := range []struct {
		args  string
		entry string
		code  int
		says  string
	}{
		{"push v3 --file " + file + " --to p2 --hardware panda --verify ping", "", 0, "0123456789abcdef"},
		{"push v3 --file " + file + " --new", "", ExitRefused, "it is there"},
		{"push v4 --url https://builds/v4.img.gz --hardware panda --to p2", "", 0, "0123456789abcdef"},
		{"push v4 --url https://builds/none", "", ExitRefused, "not to be had"},
		{"push v4 --url https://builds/v4.img.gz --sha256 " + strings.Repeat("0", 64), "", ExitRefused, "not to be had"},
		{"push v4 --url https://builds/v4.img.gz --file " + file, "", ExitUsage, "use one"},
		{"push v4 --sha256 ab --file " + file, "", ExitUsage, "hashed here"},
		{"push v3", "", ExitUsage, "--url URL, or -f"},
		{"push v3 --file " + file + " -f " + entry, "", ExitUsage, "use one"},
		{"push v3 --file " + file + ".none", "", ExitUsage, "no such file"},
		{"push v3 --file " + empty, "", ExitUsage, empty + " is empty"},
		{"push '' --file " + file, "", ExitUsage, "the name is empty"},
		{"show ''", "", ExitUsage, "the name is empty"},
		{"remove ''", "", ExitUsage, "the name is empty"},
		{"push v3 -f " + entry, "install: raw\nartifacts: [{name: disk, file: v3.img.gz, to: disk}]\nverify: {kind: ping, for: 20s}\n", 0, "v3"},
		{"push v3 -f " + entry, "install: raw\nartifacts: [{name: disk, file: v3.img.gz, to: disk, sha256: ab}]\n", ExitUsage, "the entry says ab"},
		{"push v3 -f " + entry, "install: raw\nartifacts: [{name: disk, to: disk}]\n", ExitUsage, "names no file"},
		{"push v3 -f " + entry, "install: raw\nverfiy: {}\n", ExitUsage, "verfiy"},
		{"push v3 -f " + entry + ".none", "", ExitUsage, "no such file"},
		{"remove v3", "", 0, ""},
		{"remove nobody", "", ExitNotFound, "nobody"},
		{"remove nobody v3", "", ExitFailed, "nobody"},
	} {
		if tc.entry != "" {
			put(tc.entry)
		}
		code := w.run(t, words("image "+tc.args)...)
		if said := w.out.String() + w.err.String(); code != tc.code || !strings.Contains(said, tc.says) {
			t.Errorf("%s: exit %d, %s", tc.args, code, said)
		}
	}
}

// words are those of a command line, in which ” is an empty one.
func words(line string) []string {
	all := strings.Fields(line)
	for i, w := range all {
		all[i] = strings.ReplaceAll(w, "''", "")
	}
	return all
}

// The image that is put is made of what the server fetched, called as its URL ends.
func TestImagePushByURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if code := w.run(t, strings.Fields("image push v4 --url https://builds/v4.img.gz?id=1 --hardware panda --to p2")...); code != 0 {
		t.Fatalf("exit %d, %s", code, &w.err)
	}
	const sum = "b08ebc936a4435b52b28b108df8740abf1863bc87856c7f7f6adf1daf71178d8" // of "v4.img.gz?id=1"
	if asked := w.library.Asked(); len(asked) != 1 || !strings.Contains(asked[0], `"file":"v4.img.gz","sha256":"`+sum+`","to":"p2"`) {
		t.Errorf("%v", asked)
	}
}

// What a person writes in YAML comes to the server with the same meaning.
func TestParseEntry(t *testing.T) {
	t.Parallel()
	var e v1.ImageEntry
	err := parseEntry([]byte("hardware: [panda]\ninstall: raw\nconfig_keys: [build]\nlimits: {writing: 20m}\nverify: {kind: tcp, port: 22, expect: SSH}\nartifacts:\n- {name: root, file: a.img, part: 2, to: p2, unpack: true}\n"), &e)
	if err != nil || e.Install != "raw" || e.Hardware[0] != "panda" || e.ConfigKeys[0] != "build" || e.Limits["writing"] != "20m" ||
		*e.Verify != (v1.VerifyEntry{Kind: "tcp", Port: 22, Expect: "SSH"}) || e.Artifacts[0] != (v1.ArtifactEntry{Name: "root", File: "a.img", Part: 2, To: "p2", Unpack: true}) {
		t.Errorf("%+v, %v", e, err)
	}
	for _, bad := range []string{"- a", "install: [raw", "install: 3", "allow: x"} {
		if err := parseEntry([]byte(bad), &e); err == nil {
			t.Errorf("%q is an entry", bad)
		}
	}
}
