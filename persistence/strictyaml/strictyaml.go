// Package strictyaml reads a YAML file that a person wrote into Go structs and
// reports everything that is wrong with it at once.
//
// It decides what counts as a mistake: a key that no field has, a value of the
// wrong type, a key twice, a second document, and every means by which a small
// file becomes a large one (anchors, aliases, merge keys, deep nesting). Each
// mistake names file, line, column, the path of the key, and the remedy.
//
// It refuses to guess: no number becomes a text, no text a list. It knows
// nothing of what the values mean; the packages that do (the configuration, the
// inventory, the catalogue of images) validate further and add to the same
// Problems, with positions from Document.At.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"

	"go.yaml.in/yaml/v4"
)

// MaxBytes is the size of the largest file that is read. A list of 100,000
// boards takes about 20 MiB.
const MaxBytes = 32 << 20

// MaxDepth is how deep lists and mappings may nest. No file of ours needs more
// than seven levels.
const MaxDepth = 20

// Defaulter is implemented by structs that do not start from their zero value:
// SetDefaults is called on each one made for an entry of a list or mapping,
// before the keys of the file are applied.
type Defaulter interface {
	SetDefaults()
}

// ReadFile reads the file at path into the struct that into points to, see
// Decode. The error is that of opening or reading the file, unwrappable to
// fs.ErrNotExist; mistakes in the text are Problems.
func ReadFile(path string, into any) (*Document, Problems, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read YAML file: %w", err)
	}
	defer func() { _ = f.Close() }() // read only: nothing can be lost
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read YAML file %s: %w", path, err)
	}
	doc, problems := Decode(path, data, into)
	return doc, problems, nil
}

// Decode reads data, called file in every message, into the struct that into
// points to. Values that the text does not mention keep what they have. The
// Document is never nil. After Problems the struct holds what could be read, so
// that a validator may go on looking for more mistakes.
func Decode(file string, data []byte, into any) (*Document, Problems) {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("strictyaml: Decode into %T: want a pointer to a struct", into))
	}
	doc := &Document{file: file}
	if p, bad := checkBytes(file, data); bad {
		return doc, Problems{p}
	}
	root, problems := parse(file, data)
	if len(problems) > 0 {
		return doc, problems
	}
	if root == nil { // empty, or nothing but comments
		return doc, nil
	}
	doc.root = root
	if problems = checkTree(file, root); len(problems) > 0 {
		return doc, problems
	}
	d := decoder{file: file}
	d.value(root, target.Elem(), nil)
	d.problems.Sort()
	return doc, d.problems
}

// parse returns the root node of the only document, nil for an empty one.
func parse(file string, data []byte) (*yaml.Node, Problems) {
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithUniqueKeys(false))
	if err != nil {
		return nil, Problems{syntaxProblem(file, err)}
	}
	var first, second yaml.Node
	if err := loader.Load(&first); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, Problems{syntaxProblem(file, err)}
	}
	if err := loader.Load(&second); err == nil {
		return nil, Problems{{Pos: at(file, &second), What: "a second document begins here",
			Remedy: "keep one document a file: remove the line ---"}}
	} else if !errors.Is(err, io.EOF) {
		return nil, Problems{syntaxProblem(file, err)}
	}
	if first.Kind == yaml.DocumentNode {
		if len(first.Content) == 0 {
			return nil, nil
		}
		return first.Content[0], nil
	}
	if first.Kind == 0 {
		return nil, nil
	}
	return &first, nil
}
