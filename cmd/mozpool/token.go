package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"go.yaml.in/yaml/v4"

	"mozpool/cmd/mozpool/config"
	"mozpool/httpapi/access"
)

// tokenCommand is "mozpool token". It works on the tokens file, not on the server: whoever can write that file may
// hand out tokens, and the first one needs no other.
type tokenCommand struct {
	File   string      `placeholder:"FILE" help:"Tokens file; without it that of --config."`
	Config string      `default:"mozpool.yaml" placeholder:"FILE" help:"Configuration that names the tokens file."`
	Create tokenCreate `cmd:"" help:"Make a token and print it, once."`
	List   tokenList   `cmd:"" help:"List tokens; not what they are."`
	Revoke tokenRevoke `cmd:"" help:"Take tokens back."`
}

// path is the tokens file.
func (t *tokenCommand) path() (string, error) {
	if t.File != "" {
		return t.File, nil
	}
	cfg, problems, _ := config.Load(t.Config, config.FromEnvironment(os.Getenv))
	if cfg.API.Tokens != "" {
		return cfg.API.Tokens, nil // a server that still lacks tokens may have problems just for that
	}
	if err := problems.Err(); err != nil {
		return "", usageError{fmt.Errorf("%s names no tokens file, and --file was not given:\n%w", t.Config, err)}
	}
	return "", usageError{fmt.Errorf("%s names no tokens file: set api.tokens, or use --file", t.Config)}
}

// load reads the tokens; fs.ErrNotExist: there is no file yet, which the first token makes.
func (t *tokenCommand) load() (path string, tokens []access.Token, err error) {
	if path, err = t.path(); err != nil {
		return "", nil, err
	}
	if tokens, err = access.Load(path); errors.Is(err, fs.ErrNotExist) {
		return path, nil, usageError{fmt.Errorf("there is no tokens file %s yet; the first token makes it: mozpool token create; or name another with --file (%w)", path, fs.ErrNotExist)}
	} else if err != nil {
		return path, nil, usageError{err}
	}
	return path, tokens, nil
}

type tokenCreate struct {
	Name    string        `arg:"" help:"Whom it is for; shown wherever they change something."`
	Role    access.Role   `required:"" placeholder:"ROLE" help:"viewer, operator or admin."`
	Rack    []string      `placeholder:"RACK" help:"Only boards of this rack may be changed; may be repeated."`
	Expires time.Duration `placeholder:"TIME" help:"How long it is good, such as 720h; without it until it is revoked."`
}

// Run makes a token. The secret goes to standard output alone, so that scripts can take it.
func (c *tokenCreate) Run(p *program) error {
	if err := access.CheckName(c.Name); err != nil {
		return usageError{err}
	}
	path, tokens, err := p.Tokens.load()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	if slices.ContainsFunc(tokens, func(t access.Token) bool { return t.Name == c.Name }) {
		return usageError{fmt.Errorf("there is a token named %s already; revoke it first, or choose another name", c.Name)}
	}
	t := access.Token{Name: c.Name, Role: c.Role, Racks: c.Rack, Created: now}
	if c.Expires < 0 {
		return usageError{fmt.Errorf("a token that expired %s ago is of no use", -c.Expires)}
	}
	if c.Expires > 0 {
		t.Expires = now.Add(c.Expires)
	}
	secret, t := access.Create(t)
	if err := access.Save(path, append(tokens, t)); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "written to %s; it is shown this once. Have the server read it: mozpool reload\n", path)
	fmt.Println(secret)
	return nil
}

type tokenList struct {
	Output string `short:"o" enum:"table,json,yaml,name" default:"table" placeholder:"FORM" help:"table, json, yaml or name."`
}

// Run lists the tokens.
func (l *tokenList) Run(p *program) error {
	_, tokens, err := p.Tokens.load()
	if err != nil {
		return err
	}
	return l.write(os.Stdout, tokens, time.Now())
}

// listed is a token as it is listed: without what it is, and without the hash of that.
type listed struct {
	Name    string      `json:"name" yaml:"name"`
	Role    access.Role `json:"role" yaml:"role"`
	Racks   []string    `json:"racks" yaml:"racks"` // empty: all
	Created time.Time   `json:"created" yaml:"created"`
	Expires *time.Time  `json:"expires" yaml:"expires"` // null: never
}

func (l *tokenList) write(w io.Writer, tokens []access.Token, now time.Time) error {
	all := make([]listed, len(tokens))
	for i, k := range tokens {
		all[i] = listed{k.Name, k.Role, append([]string{}, k.Racks...), k.Created.UTC(), nil}
		if expires := k.Expires.UTC(); !k.Expires.IsZero() {
			all[i].Expires = &expires
		}
	}
	switch l.Output {
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(all)
	case "yaml":
		data, err := yaml.Marshal(all)
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	case "name":
		for _, k := range all {
			if _, err := fmt.Fprintln(w, k.Name); err != nil {
				return err
			}
		}
		return nil
	}
	return writeTokens(w, tokens, now)
}

func writeTokens(w io.Writer, tokens []access.Token, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "NAME\tROLE\tRACKS\tCREATED\tEXPIRES") // Flush tells
	for _, k := range tokens {
		racks, expires := "all", "never"
		if len(k.Racks) > 0 {
			racks = strings.Join(k.Racks, ",")
		}
		if !k.Expires.IsZero() {
			expires = k.Expires.UTC().Format(time.DateTime)
		}
		if !k.Expires.IsZero() && !now.Before(k.Expires) {
			expires += " (over)"
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", k.Name, k.Role, racks, k.Created.UTC().Format(time.DateTime), expires)
	}
	return t.Flush()
}

type tokenRevoke struct {
	Name []string `arg:"" help:"Tokens."`
}

// Run takes tokens out of the file; all of them, or none if one is not there.
func (c *tokenRevoke) Run(p *program) error {
	path, tokens, err := p.Tokens.load()
	if err != nil {
		return err
	}
	for _, name := range c.Name {
		i := slices.IndexFunc(tokens, func(t access.Token) bool { return t.Name == name })
		if i < 0 {
			return notFound{fmt.Errorf("there is no token named %s; see: mozpool token list", name)}
		}
		tokens = slices.Delete(tokens, i, i+1)
	}
	if err := access.Save(path, tokens); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "taken out of %s. Have the server read it: mozpool reload\n", path)
	return nil
}

// notFound is an error of something that is not there.
type notFound struct{ error }

func (notFound) ExitCode() int { return 3 }
