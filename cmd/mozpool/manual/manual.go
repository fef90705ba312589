// Package manual writes what shells and man(1) know of the command line.
//
// It decides how a grammar looks as a manual page and as completion for bash, zsh and fish; the words themselves are
// those of the grammar, so nothing is written twice. It refuses to know any command. The main package asks it for
// "mozpool completion", and "make generate" for the files of packages.
package manual

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// command is a command, or a group of them, as people type it.
type command struct {
	path string // board image; empty: mozpool itself
	node *kong.Node
}

// commands are all of a grammar, each group before its commands.
func commands(n *kong.Node, path string) []command {
	all := []command{{path, n}}
	for _, c := range children(n) {
		all = append(all, commands(c, strings.TrimSpace(path+" "+c.Name))...)
	}
	return all
}

func children(n *kong.Node) []*kong.Node {
	var all []*kong.Node
	for _, c := range n.Children {
		if c.Type == kong.CommandNode && !c.Hidden {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *kong.Node) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// flags are those of a command itself, by name.
func flags(n *kong.Node) []*kong.Flag {
	var all []*kong.Flag
	for _, f := range n.Flags {
		if !f.Hidden && f.Name != "help" {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b *kong.Flag) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// inherited are a command's flags and those of the groups that it is in.
func inherited(n *kong.Node) []*kong.Flag {
	var all []*kong.Flag
	for ; n != nil; n = n.Parent {
		all = append(all, flags(n)...)
	}
	return all
}

// shown is a flag with what it takes.
func shown(f *kong.Flag) string {
	text := "--" + f.Name
	if f.Short != 0 {
		text = fmt.Sprintf("-%c, %s", f.Short, text)
	}
	if !f.IsBool() {
		text += "=" + f.FormatPlaceHolder()
	}
	return text
}

// usage is a command with its arguments.
func usage(c command) string {
	text := strings.TrimSpace("mozpool " + c.path)
	if len(children(c.node)) > 0 {
		return text + " COMMAND"
	}
	for _, p := range c.node.Positional {
		word := strings.ToUpper(p.Name)
		if p.IsCumulative() {
			word += "…"
		}
		if !p.Required {
			word = "[" + word + "]"
		}
		text += " " + word
	}
	return text
}
