package images

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"

	"mozpool/persistence/strictyaml"
)

// fileTemplate parses the template of an artifact's file. It may use nothing
// but .Config.
func fileTemplate(text string) (*template.Template, error) {
	t, err := template.New("file").Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, &strictyaml.RemedyError{What: fmt.Sprintf("not a template: %v", err), Remedy: "write it like b2g-{{.Config.build}}.img.gz"}
	}
	return t, nil
}

// checkFileTemplate checks a templated artifact without a wish: every key that
// it uses must be required of the wish, and what it may resolve to be limited.
func checkFileTemplate(a ArtifactSpec, keys []string) error {
	t, err := fileTemplate(a.File)
	if err != nil {
		return err
	}
	config := map[string]string{}
	for _, k := range keys {
		config[k] = "x"
	}
	if _, err := expand(t, config); err != nil {
		return &strictyaml.RemedyError{What: fmt.Sprintf("the template does not work: %v", err), Remedy: "use only .Config.KEY, with each KEY listed in config_keys"}
	}
	if len(a.Allow) == 0 {
		return &strictyaml.RemedyError{What: "a templated file without allow could name anything", Remedy: "add allow: [glob…] of names below artifacts, or URL prefixes"}
	}
	for _, pattern := range a.Allow {
		if err := checkPattern(pattern); err != nil {
			return err
		}
	}
	if a.SHA256 != "" {
		return &strictyaml.RemedyError{What: "a templated file has no fixed sha256", Remedy: "remove sha256: the file is hashed when a wish names it"}
	}
	return nil
}

func checkPattern(pattern string) error {
	if isURL(pattern) {
		u, err := url.Parse(pattern)
		if err != nil || u.Host == "" || !strings.HasSuffix(u.Path, "/") || u.RawQuery != "" || u.User != nil {
			return &strictyaml.RemedyError{What: fmt.Sprintf("%q is no URL prefix", pattern), Remedy: "write a host and a path that ends in /, as in https://builds.example.org/b2g/"}
		}
		return nil
	}
	if _, err := path.Match(pattern, "x"); err != nil || strings.HasPrefix(pattern, "/") {
		return &strictyaml.RemedyError{What: fmt.Sprintf("%q is no glob", pattern), Remedy: "write it like b2g-*.img.gz, below artifacts"}
	}
	return nil
}

func isURL(s string) bool { return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") }

func expand(t *template.Template, config map[string]string) (string, error) {
	var b strings.Builder
	err := t.Execute(&b, struct{ Config map[string]string }{config})
	return b.String(), err
}

// resolveFile gives the name or URL that a templated artifact means under a
// wish's config, if that is allowed, a *ConfigError otherwise; and the keys that
// it hangs on.
func resolveFile(image string, a ArtifactSpec, config map[string]string) (name, keys string, err error) {
	t, err := fileTemplate(a.File)
	if err != nil {
		return "", "", err
	}
	keys = strings.Join(configKeys(t.Root), ", ")
	if name, err = expand(t, config); err != nil {
		return "", keys, &ConfigError{Image: image, Key: keys, Reason: "is missing: artifact " + a.Name + " is named by it"}
	}
	if !slices.ContainsFunc(a.Allow, func(pattern string) bool { return allows(pattern, name) }) {
		return "", keys, &ConfigError{Image: image, Key: keys,
			Reason: fmt.Sprintf("does not fit: artifact %s would be %q, and allowed are %s", a.Name, name, strings.Join(a.Allow, ", "))}
	}
	return name, keys, nil
}

// allows tells whether a resolved name is within a glob, or a resolved URL
// below a prefix.
func allows(pattern, name string) bool {
	if !isURL(pattern) {
		ok, err := path.Match(pattern, name)
		return ok && err == nil && fs.ValidPath(name)
	}
	p, err := url.Parse(pattern)
	u, uerr := url.Parse(name)
	if err != nil || uerr != nil {
		return false
	}
	plain := u.RawQuery == "" && u.Fragment == "" && u.User == nil && u.RawPath == "" && !strings.Contains(u.Path, `\`)
	return plain && u.Scheme == p.Scheme && u.Host == p.Host && path.Clean(u.Path) == u.Path && strings.HasPrefix(u.Path, p.Path)
}

// configKeys lists the keys of .Config that a template uses.
func configKeys(n parse.Node) []string {
	var keys []string
	var walk func(parse.Node)
	walk = func(n parse.Node) {
		switch n := n.(type) {
		case *parse.ListNode:
			for _, c := range n.Nodes {
				walk(c)
			}
		case *parse.ActionNode:
			for _, cmd := range n.Pipe.Cmds {
				for _, arg := range cmd.Args {
					walk(arg)
				}
			}
		case *parse.FieldNode:
			if len(n.Ident) == 2 && n.Ident[0] == "Config" && !slices.Contains(keys, n.Ident[1]) {
				keys = append(keys, n.Ident[1])
			}
		}
	}
	walk(n)
	return keys
}
