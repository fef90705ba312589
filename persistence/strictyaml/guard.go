package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// checkBytes refuses what must not even reach the parser.
func checkBytes(file string, data []byte) (Problem, bool) {
	if len(data) > MaxBytes {
		return Problem{Pos: Pos{File: file}, What: fmt.Sprintf("the file is larger than %s", Size(MaxBytes)),
			Remedy: "is it the right file? split it otherwise"}, true
	}
	if i := badByte(data); i >= 0 {
		before := data[:i]
		line := bytes.Count(before, []byte("\n")) + 1
		col := i - bytes.LastIndexByte(before, '\n')
		return Problem{Pos: Pos{file, line, col}, What: fmt.Sprintf("byte 0x%02x is not UTF-8 text", data[i]),
			Remedy: "save the file as UTF-8; a compressed or binary file is no configuration"}, true
	}
	return Problem{}, false
}

// badByte is the offset of the first byte that is no UTF-8 or is NUL, or -1.
func badByte(data []byte) int {
	if utf8.Valid(data) {
		return bytes.IndexByte(data, 0)
	}
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 || r == 0 {
			return i
		}
		i += n
	}
	return -1
}

// checkTree refuses anchors, aliases, merge keys and over-deep nesting. Nothing
// is ever expanded, so a file costs no more than its own size.
func checkTree(file string, root *yaml.Node) Problems {
	var found Problems
	var walk func(n *yaml.Node, depth int)
	walk = func(n *yaml.Node, depth int) {
		if depth > MaxDepth {
			found.Add(Problem{Pos: at(file, n), What: fmt.Sprintf("nested more than %d levels deep", MaxDepth),
				Remedy: "no key of this file needs that; look for stray brackets or indentation"})
			return
		}
		if p, bad := checkNode(file, n); bad {
			found.Add(p)
		}
		for _, c := range n.Content {
			walk(c, depth+1)
		}
	}
	walk(root, 1)
	return found
}

func checkNode(file string, n *yaml.Node) (Problem, bool) {
	switch {
	case n.Kind == yaml.AliasNode:
		return Problem{Pos: at(file, n), What: fmt.Sprintf("the alias *%s is not allowed", n.Value),
			Remedy: "write the value out"}, true
	case n.Anchor != "":
		return Problem{Pos: at(file, n), What: fmt.Sprintf("the anchor &%s is not allowed", n.Anchor),
			Remedy: "write the value out where it is used"}, true
	case n.Kind == yaml.ScalarNode && n.Tag == "!!merge":
		return Problem{Pos: at(file, n), What: "the merge key << is not allowed", Remedy: "write the keys out"}, true
	case n.Style&yaml.TaggedStyle != 0:
		return Problem{Pos: at(file, n), What: fmt.Sprintf("the tag %s is not allowed", n.Tag), Remedy: "remove it"}, true
	}
	return Problem{}, false
}

var (
	lineInText = regexp.MustCompile(`\bline (\d+)(?:[:,] ?column (\d+))?`)
	yamlPrefix = regexp.MustCompile(`^(go-)?yaml: ?`)
)

// syntaxProblem turns the parser's error into a problem at its place.
func syntaxProblem(file string, err error) Problem {
	p := Problem{Pos: Pos{File: file}, Remedy: "mind indentation (spaces, never tabs), quotes and brackets"}
	var le *yaml.LoadError
	text := err.Error()
	if errors.As(err, &le) {
		p.Line, p.Column = le.Mark.Line, le.Mark.Column
		text = le.Message
	}
	if m := lineInText.FindStringSubmatch(text); m != nil && p.Line == 0 {
		p.Line, _ = strconv.Atoi(m[1]) // digits by the expression
		p.Column, _ = strconv.Atoi(m[2])
	}
	p.Column = max(p.Column, 1)
	text, _, _ = strings.Cut(yamlPrefix.ReplaceAllString(text, ""), "\n")
	p.What = "not YAML: " + text
	return p
}
