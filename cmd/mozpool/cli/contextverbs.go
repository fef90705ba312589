package cli

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"mozpool/httpapi/client"
)

// Contexts is "mozpool context". It works on a file, and talks to nobody.
type Contexts struct {
	Format
	List   ContextList   `cmd:"" help:"List the servers that have names."`
	Use    ContextUse    `cmd:"" help:"Talk to this server unless told otherwise."`
	Add    ContextAdd    `cmd:"" help:"Give a server a name, or say something else of one."`
	Remove ContextRemove `cmd:"" help:"Forget a name."`
}

// Local is what commands work with that talk to no server.
type Local struct {
	Out    io.Writer
	Output string // table, wide, json, yaml or name
	File   string // of contexts; empty: the user's
}

// NewLocal is the Local of a process.
func NewLocal(g *CLI) *Local { return &Local{Out: os.Stdout, Output: g.Output()} }

// path is where the contexts are kept.
func (l *Local) path() (string, error) {
	if l.File != "" {
		return l.File, nil
	}
	return contextsFile()
}

// change changes the file.
func (l *Local) change(do func(*contexts) (said string, err error)) error {
	path, err := l.path()
	if err != nil {
		return coded(err)
	}
	f, err := loadContexts(path)
	if err != nil {
		return coded(err)
	}
	said, err := do(&f)
	if err == nil {
		err = f.save(path)
	}
	if err == nil {
		_, err = fmt.Fprintln(l.Out, said)
	}
	return coded(err)
}

// ContextList is "mozpool context list".
type ContextList struct{}

// namedContext is a context as it is listed.
type namedContext struct {
	Name    string `json:"name"`
	Current bool   `json:"current"`
	contextEntry
}

// Run lists the contexts.
func (*ContextList) Run(l *Local) error {
	path, err := l.path()
	if err != nil {
		return coded(err)
	}
	f, err := loadContexts(path)
	if err != nil {
		return coded(err)
	}
	t := &table{head: []string{"CURRENT", "NAME", "SERVER", "TOKEN", "CA"}}
	all, names := []namedContext{}, slices.Sorted(maps.Keys(f.Contexts))
	for _, name := range names {
		e, current := f.Contexts[name], ""
		if name == f.Current {
			current = "*"
		}
		all = append(all, namedContext{name, name == f.Current, e})
		t.add(plain(current), plain(name), plain(e.Server), plain(e.TokenFile), plain(e.CA))
	}
	c := &Context{Out: l.Out, Output: l.Output}
	return coded(c.show(all, names, func() *table { return t }))
}

// ContextUse is "mozpool context use".
type ContextUse struct {
	Name string `arg:"" help:"Name of the server."`
}

// Run makes a context the current one.
func (u *ContextUse) Run(l *Local) error {
	return l.change(func(f *contexts) (string, error) {
		e, err := f.find(u.Name)
		f.Current = u.Name
		return fmt.Sprintf("%s: %s", u.Name, e.Server), err
	})
}

// ContextAdd is "mozpool context add".
type ContextAdd struct {
	Name      string `arg:"" help:"Name for the server."`
	URL       string `arg:"" help:"Where it is, such as https://img1:8080."`
	TokenFile string `placeholder:"FILE" help:"File with the bearer token."`
	CA        string `name:"ca" placeholder:"FILE" help:"PEM file of who signed the server's certificate, where the machine does not know them."`
	Use       bool   `help:"Also talk to it unless told otherwise, which the first one is anyway."`
}

// Run adds a context.
func (a *ContextAdd) Run(l *Local) error {
	if !contextName.MatchString(a.Name) {
		return &Error{Exit: ExitUsage, Err: fmt.Errorf("%q cannot be a name: use letters, digits, dots, dashes and underscores, at most 63", a.Name)}
	}
	if _, err := client.New(a.URL, client.Options{}); err != nil {
		return &Error{Exit: ExitUsage, Err: err}
	}
	e := contextEntry{Server: a.URL}
	for of, path := range map[*string]string{&e.TokenFile: a.TokenFile, &e.CA: a.CA} {
		if path == "" {
			continue
		}
		whole, err := filepath.Abs(path)
		if err != nil {
			return coded(err)
		}
		if _, err := os.Stat(whole); err != nil {
			return &Error{Exit: ExitUsage, Err: fmt.Errorf("%s cannot be read: %w; write it first, then add the context", path, err)}
		}
		*of = whole
	}
	return l.change(func(f *contexts) (string, error) {
		if f.Contexts == nil {
			f.Contexts = map[string]contextEntry{}
		}
		f.Contexts[a.Name] = e
		if f.Current = cmp.Or(f.Current, a.Name); a.Use {
			f.Current = a.Name
		}
		return fmt.Sprintf("%s: %s", a.Name, e.Server), nil
	})
}

// ContextRemove is "mozpool context remove".
type ContextRemove struct {
	Name string `arg:"" help:"Name of the server."`
}

// Run removes a context; its token's file stays.
func (r *ContextRemove) Run(l *Local) error {
	return l.change(func(f *contexts) (string, error) {
		_, err := f.find(r.Name)
		delete(f.Contexts, r.Name)
		if f.Current == r.Name {
			f.Current = ""
		}
		return r.Name + " is forgotten", err
	})
}
