package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"

	"mozpool/cmd/mozpool/manual"
)

//go:generate go run . manual --dir packaging

// completionCommand is "mozpool completion".
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints what the shell is to read, such as: source <(mozpool completion bash).
func (c *completionCommand) Run(k *kong.Kong) error {
	text, err := manual.Completion(k.Model, c.Shell)
	if err != nil {
		return usageError{err}
	}
	_, err = fmt.Print(text)
	return err
}

// manualCommand is "mozpool manual", which writes the files that packages bring along.
type manualCommand struct {
	Dir string `required:"" placeholder:"DIR" help:"Folder to write to."`
}

// Run writes the files.
func (c *manualCommand) Run(k *kong.Kong) error {
	files, err := manualFiles(k)
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(c.Dir, name), data, 0o644); err != nil {
			return fmt.Errorf("write the manual: %w", err)
		}
	}
	return nil
}

// manualFiles are the manual page and the completions, by name of the file.
func manualFiles(k *kong.Kong) (map[string][]byte, error) {
	files := map[string][]byte{"mozpool.1": manual.Page(k.Model)}
	for _, shell := range manual.Shells {
		text, err := manual.Completion(k.Model, shell)
		if err != nil {
			return nil, err
		}
		files["completion."+shell] = []byte(text)
	}
	return files, nil
}
