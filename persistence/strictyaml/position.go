package strictyaml

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Document remembers where each value of a decoded file stood, so that what is
// found wrong later can still name its line.
type Document struct {
	file string
	root *yaml.Node // nil: the file was empty or could not be parsed
}

// File is the name under which the document was decoded.
func (d *Document) File() string { return d.file }

// At returns the place of the value at path: keys of mappings, and indexes of
// lists as decimal numbers, as in At("racks", "r1", "listen") or
// At("boards", "0", "mac"). For a value that the file does not have it is the
// place of the nearest enclosing one that it has.
func (d *Document) At(path ...string) Pos {
	if d.root == nil {
		return Pos{File: d.file}
	}
	pos, node := at(d.file, d.root), d.root
	for _, step := range path {
		place, next := child(node, step)
		if next == nil {
			break
		}
		pos, node = at(d.file, place), next
	}
	return pos
}

// Has tells whether the file itself gives the value at path.
func (d *Document) Has(path ...string) bool {
	node := d.root
	for _, step := range path {
		if node == nil {
			return false
		}
		_, node = child(node, step)
	}
	return node != nil
}

// Problem makes a problem of the value at path.
func (d *Document) Problem(what, remedy string, path ...string) Problem {
	return Problem{Pos: d.At(path...), Path: joinPath(path), What: what, Remedy: remedy}
}

// child finds one step below node: the node whose place is named in messages
// (the value, or its key where the value stands on later lines) and the value.
func child(node *yaml.Node, step string) (place, value *yaml.Node) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if key, val := node.Content[i], node.Content[i+1]; key.Value == step {
				if val.Line != key.Line {
					return key, val
				}
				return val, val
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i], node.Content[i]
		}
	case yaml.DocumentNode, yaml.ScalarNode, yaml.AliasNode, yaml.StreamNode:
		// nothing below
	}
	return nil, nil
}

func at(file string, n *yaml.Node) Pos {
	return Pos{File: file, Line: n.Line, Column: n.Column}
}

// joinPath writes keys with dots and list indexes in brackets, counted from 0
// as programs do: boards[3].mac.
func joinPath(path []string) string {
	var b strings.Builder
	for i, step := range path {
		if _, err := strconv.Atoi(step); err == nil && i > 0 {
			b.WriteString("[" + step + "]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(step)
	}
	return b.String()
}
