package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"go.yaml.in/yaml/v4"

	"mozpool/persistence/strictyaml"
)

// contextEntry says where one server is and how it is known. Tokens stay in files of their own, so that this one can be
// shown to others.
type contextEntry struct {
	Server    string `yaml:"server" json:"server"`
	TokenFile string `yaml:"token_file,omitempty" json:"token_file,omitempty"` // first line: the token
	CA        string `yaml:"ca,omitempty" json:"ca,omitempty"`                 // PEM of those who may have signed the server's certificate
}

// contexts is the file of contexts.
type contexts struct {
	Current  string                  `yaml:"current,omitempty"`
	Contexts map[string]contextEntry `yaml:"contexts,omitempty"`
}

// contextsFile is where the contexts are kept.
func contextsFile() (string, error) {
	if path := os.Getenv("MOZPOOL_CONTEXTS"); path != "" {
		return path, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the file of contexts: %w; name one in MOZPOOL_CONTEXTS", err)
	}
	return filepath.Join(dir, "mozpool", "contexts.yaml"), nil
}

var contextName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$`)

// loadContexts reads the file; one that is not there has no contexts.
func loadContexts(path string) (contexts, error) {
	var f contexts
	_, problems, err := strictyaml.ReadFile(path, &f)
	if errors.Is(err, fs.ErrNotExist) {
		return contexts{}, nil
	}
	if err != nil {
		return contexts{}, fmt.Errorf("read the contexts: %w", err)
	}
	if err := problems.Err(); err != nil {
		return contexts{}, &Error{Exit: ExitUsage, Err: fmt.Errorf("read the contexts:\n%w", err)}
	}
	return f, nil
}

// find is the context of a name; empty: the current one, or none.
func (f contexts) find(name string) (contextEntry, error) {
	if name == "" {
		name = f.Current
	}
	e, ok := f.Contexts[name]
	if !ok && name != "" {
		return e, &Error{Exit: ExitUsage, Err: fmt.Errorf("there is no context %q; see: mozpool context list", name)}
	}
	return e, nil
}

// save writes the file in place of the one that is there. Only its owner can read it.
func (f contexts) save(path string) (err error) {
	data, err := yaml.Marshal(f)
	if err != nil {
		return fmt.Errorf("write the contexts: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write the contexts: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".contexts-*") // 0600
	if err != nil {
		return fmt.Errorf("write the contexts: %w", err)
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write the contexts %s: %w", path, errors.Join(err, os.Remove(tmp.Name())))
	}
	return nil
}

// token reads the context's token.
func (e contextEntry) token() (string, error) {
	if e.TokenFile == "" {
		return "", nil
	}
	data, err := os.ReadFile(e.TokenFile)
	if err != nil {
		return "", &Error{Exit: ExitUsage, Err: fmt.Errorf("read the context's token: %w", err)}
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(data), []byte("\n"))
	if len(line) == 0 {
		return "", &Error{Exit: ExitUsage, Err: fmt.Errorf("there is no token in %s: write the one that mozpool token create showed", e.TokenFile)}
	}
	return string(bytes.TrimSpace(line)), nil
}
