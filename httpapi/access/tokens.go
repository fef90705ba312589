package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"mozpool/persistence/strictyaml"
)

// Token is a bearer token as it is kept: everything but the token itself.
type Token struct {
	Name    string    `yaml:"name"` // whom it belongs to; shown wherever they change something
	Role    Role      `yaml:"role"`
	Racks   []string  `yaml:"racks,omitempty,flow"` // only boards of these may be changed; empty: all
	Created time.Time `yaml:"created"`
	Expires time.Time `yaml:"expires,omitempty"` // zero: never
	Hash    Hash      `yaml:"sha256"`
}

func (t *Token) expired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// Hash is the SHA-256 of a token's text.
type Hash [sha256.Size]byte

// MarshalText writes 64 hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h[:])), nil }

// UnmarshalText reads them.
func (h *Hash) UnmarshalText(text []byte) error {
	data, err := hex.DecodeString(string(text))
	if err != nil || len(data) != len(h) {
		return errors.New("a token's sha256 has 64 hexadecimal digits")
	}
	copy(h[:], data)
	return nil
}

// prefix marks our tokens, so that scanners for lost secrets can find them.
const prefix = "mozpool_"

var secretText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Create makes a token. The secret is returned once and kept nowhere.
func Create(t Token) (secret string, made Token) {
	random := make([]byte, 20)
	_, _ = rand.Read(random) // never fails: crypto/rand aborts the program instead
	secret = prefix + secretText.EncodeToString(random)
	t.Hash = sha256.Sum256([]byte(secret))
	return secret, t
}

// file is the tokens file.
type file struct {
	Tokens []Token `yaml:"tokens"`
}

var nameText = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._@-]{0,62}$`)

// CheckName says whether a token may have a name.
func CheckName(name string) error {
	if !nameText.MatchString(name) {
		return fmt.Errorf("%q cannot be a token's name: use letters, digits, dots, dashes, underscores and @, at most 63", name)
	}
	return nil
}

// Load reads a tokens file. One that does not exist is an error that errors.Is knows as fs.ErrNotExist.
func Load(path string) ([]Token, error) {
	var f file
	_, problems, err := strictyaml.ReadFile(path, &f)
	if err != nil {
		return nil, fmt.Errorf("read the tokens file %s: %w", path, err)
	}
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("read the tokens file:\n%w", err)
	}
	seen := map[string]bool{}
	for _, t := range f.Tokens {
		switch err := CheckName(t.Name); {
		case err != nil:
			return nil, fmt.Errorf("tokens file %s: %w", path, err)
		case seen[t.Name]:
			return nil, fmt.Errorf("tokens file %s: there are two tokens named %s; give them names of their own", path, t.Name)
		case t.Role < Viewer || t.Hash == Hash{}:
			return nil, fmt.Errorf("tokens file %s: token %s has no role or no sha256; make tokens with: mozpool token create", path, t.Name)
		}
		seen[t.Name] = true
	}
	return f.Tokens, nil
}

const header = `# Who may talk to the server; "mozpool token" writes this file, "mozpool reload" has the server read it.
# The tokens themselves are not here: sha256 is of a token's text.
`

// Save writes a tokens file in place of the one that is there. Only its owner can read it.
func Save(path string, tokens []Token) (err error) {
	data, err := yaml.Marshal(file{tokens})
	if err != nil {
		return fmt.Errorf("write the tokens file %s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tokens-*") // 0600
	if err != nil {
		return fmt.Errorf("write the tokens file %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write the tokens file %s: %w", path, err), f.Close(), os.Remove(f.Name()))
		}
	}()
	if _, err := f.WriteString(header + strings.TrimSpace(string(data)) + "\n"); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return f.Close()
}
