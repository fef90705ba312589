package strictyaml

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// decoder carries the problems found so far through one document.
type decoder struct {
	file     string
	problems Problems
}

func (d *decoder) add(n *yaml.Node, path []string, what, remedy string) {
	d.problems.Add(Problem{Pos: at(d.file, n), Path: joinPath(path), What: what, Remedy: remedy})
}

// value decodes n into v, whatever v is.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path []string) {
	if v.Kind() == reflect.Pointer {
		if isNull(n) {
			return
		}
		if v.IsNil() {
			v.Set(newValue(v.Type().Elem()).Addr())
		}
		d.value(n, v.Elem(), path)
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(n, u, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Map:
		d.mapping(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	default:
		d.scalar(n, v, path)
	}
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, path []string) {
	if isNull(n) {
		return // "racks:" with nothing below it: everything at its default
	}
	if n.Kind != yaml.MappingNode {
		d.add(n, path, "wants a mapping of keys, not "+describe(n), "keys here: "+strings.Join(keysOf(v.Type()), ", "))
		return
	}
	fields := fieldsOf(v.Type())
	d.eachKey(n, path, func(key, val *yaml.Node, at []string) {
		index, known := fields[key.Value]
		if !known {
			d.add(key, at, "unknown key", unknownRemedy(key.Value, keysOf(v.Type())))
			return
		}
		d.value(val, v.Field(index), at)
	})
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path []string) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.add(n, path, "wants a mapping of names, not "+describe(n), "write it as {name: …}")
		return
	}
	t := v.Type()
	if v.IsNil() {
		v.Set(reflect.MakeMapWithSize(t, len(n.Content)/2))
	}
	d.eachKey(n, path, func(key, val *yaml.Node, at []string) {
		entry := newValue(t.Elem())
		d.value(val, entry, at)
		v.SetMapIndex(reflect.ValueOf(key.Value).Convert(t.Key()), entry)
	})
}

// eachKey visits the keys of a mapping once each and reports the second of two
// equal ones, and keys that are no plain text.
func (d *decoder) eachKey(n *yaml.Node, path []string, visit func(key, val *yaml.Node, at []string)) {
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || isNull(key) {
			d.add(key, path, "a key must be text, not "+describe(key), "put templates and odd names in quotes")
			continue
		}
		at := append(slices.Clone(path), key.Value)
		if line, twice := seen[key.Value]; twice {
			d.add(key, at, fmt.Sprintf("is given twice, first on line %d", line), "remove one of the two")
			continue
		}
		seen[key.Value] = key.Line
		visit(key, val, at)
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path []string) {
	if isNull(n) {
		v.SetZero()
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.add(n, path, "wants a list, not "+describe(n), "write it as […]")
		return
	}
	out := reflect.MakeSlice(v.Type(), 0, len(n.Content))
	for i, item := range n.Content {
		entry := newValue(v.Type().Elem())
		d.value(item, entry, append(slices.Clone(path), strconv.Itoa(i)))
		out = reflect.Append(out, entry) // also a bad one, so that indexes stay those of the file
	}
	v.Set(out)
}

// newValue makes an addressable value of type t with its defaults.
func newValue(t reflect.Type) reflect.Value {
	v := reflect.New(t)
	if s, ok := v.Interface().(Defaulter); ok {
		s.SetDefaults()
	}
	return v.Elem()
}

// fieldsOf maps the keys of a struct, by its yaml tags, to field numbers.
func fieldsOf(t reflect.Type) map[string]int {
	fields := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		if name, ok := keyOf(t.Field(i)); ok {
			fields[name] = i
		}
	}
	return fields
}

// keysOf lists the keys of a struct in the order of its fields.
func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if name, ok := keyOf(t.Field(i)); ok {
			keys = append(keys, name)
		}
	}
	return keys
}

func keyOf(f reflect.StructField) (string, bool) {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name, f.IsExported() && name != "" && name != "-"
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}
