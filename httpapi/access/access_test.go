package access

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestRoles(t *testing.T) {
	t.Parallel()
	for role := Viewer; role <= Admin; role++ {
		text, err := role.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back Role
		if err := back.UnmarshalText(text); err != nil || back != role {
			t.Errorf("%s became %s: %v", role, back, err)
		}
		for need := Nobody; need <= Admin; need++ {
			if (Caller{Role: role}).May(need) != (need <= role) {
				t.Errorf("may %s what takes %s?", role, need)
			}
		}
	}
	for _, text := range []string{"", "nobody", "root", "Viewer"} {
		if err := new(Role).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken for a role", text)
		}
	}
	if !(Caller{}).MayChange("r1") || (Caller{Racks: []string{"r2"}}).MayChange("r1") || (Caller{Racks: []string{}}).MayChange("r1") {
		t.Error("racks do not limit")
	}
}

func TestTokensFileRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	if _, err := Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	one, a := Create(Token{Name: "ci", Role: Operator, Racks: []string{"r1", "r2"}, Created: noon, Expires: noon.Add(time.Hour)})
	_, b := Create(Token{Name: "ann", Role: Admin, Created: noon})
	if err := Save(path, []Token{a, b}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), one) || strings.Contains(string(data), one[len(prefix):]) {
		t.Error("the secret stands in the file")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is open to others: %v, %v", info.Mode(), err)
	}
	tokens, err := Load(path)
	if err != nil || len(tokens) != 2 {
		t.Fatalf("%v: %v\n%s", tokens, err, data)
	}
	if got := tokens[0]; got.Name != a.Name || got.Hash != a.Hash || got.Role != a.Role || !got.Expires.Equal(a.Expires) || strings.Join(got.Racks, ",") != "r1,r2" {
		t.Errorf("%+v became %+v", a, got)
	}
	if !tokens[1].Expires.IsZero() || tokens[1].Racks != nil {
		t.Errorf("%+v", tokens[1])
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".tokens-*")); err != nil || len(left) > 0 {
		t.Errorf("%v were left behind: %v", left, err)
	}
}

func TestBadTokensFiles(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("ab", 32)
	good := "tokens:\n- {name: ci, role: operator, created: 2026-11-23T12:00:00Z, sha256: " + hash + "}\n"
	for text, want := range map[string]string{
		good: "",
		good + "- {name: ci, role: viewer, sha256: " + hash + "}\n": "two tokens",
		strings.Replace(good, "operator", "root", 1):                "role",
		strings.Replace(good, hash, "abcd", 1):                      "64",
		strings.Replace(good, "role: operator, ", "", 1):            "no role",
		strings.Replace(good, "ci", `"a b"`, 1):                     "name",
		strings.Replace(good, "role:", "rol:", 1):                   "rol",
	} {
		path := filepath.Join(t.TempDir(), "tokens.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v; want %q", text, err, want)
		}
	}
}

// gate is one with a token that never expires and one that does in an hour.
func gate(now *time.Time) (g *Gate, forever, hour string) {
	g = NewGate(func() time.Time { return *now })
	forever, a := Create(Token{Name: "ann", Role: Admin})
	hour, b := Create(Token{Name: "ci", Role: Operator, Racks: []string{"r1"}, Expires: noon.Add(time.Hour)})
	g.Set([]Token{a, b})
	return g, forever, hour
}

func TestGate(t *testing.T) {
	t.Parallel()
	now := noon
	g, forever, hour := gate(&now)
	by, err := g.Identify("Bearer "+hour, "10.0.0.1")
	if err != nil || by.Name != "ci" || by.Role != Operator || by.MayChange("r2") || by.From != "10.0.0.1" {
		t.Errorf("%+v, %v", by, err)
	}
	if by, err := g.Identify("bearer  "+forever, "10.0.0.1"); err != nil || by.Name != "ann" || by.Racks != nil {
		t.Errorf("%+v, %v", by, err)
	}
	for _, header := range []string{"", "Bearer", "Bearer ", "Basic " + forever, forever} {
		if _, err := g.Identify(header, "10.0.0.1"); !errors.Is(err, ErrNone) {
			t.Errorf("%q: %v", header, err)
		}
	}
	if by, err := g.Identify("Bearer "+hour+"x", "10.0.0.2"); !errors.Is(err, ErrUnknown) || by.Role != Nobody {
		t.Errorf("%+v, %v", by, err)
	}
	now = noon.Add(time.Hour)
	if _, err := g.Identify("Bearer "+hour, "10.0.0.3"); !errors.Is(err, ErrUnknown) {
		t.Errorf("an expired token: %v", err)
	}
	g.Set(nil)
	if _, err := g.Identify("Bearer "+forever, "10.0.0.1"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a revoked token: %v", err)
	}
}

// Whoever guesses has to wait; whoever knows a token does not, from the same address either.
func TestGuessingIsSlow(t *testing.T) {
	t.Parallel()
	now := noon
	g, forever, _ := gate(&now)
	guess := func(from string) error {
		_, err := g.Identify("Bearer nonsense", from)
		return err
	}
	for i := range freeGuesses {
		if err := guess("10.0.0.1"); !errors.Is(err, ErrUnknown) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	for range 100 {
		if err := guess("10.0.0.1"); !errors.Is(err, ErrTooMany) {
			t.Fatal(err)
		}
	}
	if err := guess("10.0.0.2"); !errors.Is(err, ErrUnknown) {
		t.Errorf("another address has to wait: %v", err)
	}
	if _, err := g.Identify("Bearer "+forever, "10.0.0.1"); err != nil {
		t.Errorf("a token that is known has to wait: %v", err)
	}
	now = now.Add(2 * guessEvery)
	if err := guess("10.0.0.1"); !errors.Is(err, ErrUnknown) {
		t.Errorf("waiting did not help: %v", err)
	}
}

func TestGuessesAreBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g, now := newGuesses(), noon
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			now = now.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "seconds")) * time.Second)
			for i := range rapid.IntRange(0, 2*maxAddresses).Draw(t, "addresses") {
				g.add(string(rune(i)), now)
			}
			if len(g.by) > maxAddresses {
				t.Fatalf("%d addresses are remembered", len(g.by))
			}
		}
	})
}
