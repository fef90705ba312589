package describe

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// schemas gathers the schemas of named types.
type schemas struct {
	comments map[string]string
	strict   bool
	known    object
}

// of is a reference to a value's schema.
func (s *schemas) of(value any) object { return s.schema(reflect.TypeOf(value)) }

func (s *schemas) schema(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[netip.Addr]():
		return object{"type": "string"}
	}
	if words := enums[t]; words != nil {
		return object{"type": "string", "enum": words}
	}
	switch t.Kind() { //nolint:exhaustive // package v1 has no other kinds
	case reflect.Pointer:
		return nullable(s.schema(t.Elem()))
	case reflect.Slice:
		return object{"type": "array", "items": s.schema(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.schema(t.Elem())}
	case reflect.Struct:
		return s.named(t)
	case reflect.Interface:
		return object{}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	default:
		return object{"type": "integer"}
	}
}

func nullable(of object) object {
	if t, ok := of["type"].(string); ok && of["enum"] == nil {
		of["type"] = []any{t, "null"}
		return of
	}
	return object{"anyOf": []any{of, object{"type": "null"}}}
}

// named puts a struct among the schemas and refers to it.
func (s *schemas) named(t reflect.Type) object {
	if t.Name() == "" { // struct{}: no keys
		return object{"type": "object", "additionalProperties": !s.strict}
	}
	ref := object{"$ref": "#/components/schemas/" + t.Name()}
	if _, ok := s.known[t.Name()]; ok {
		return ref
	}
	out := object{"type": "object"}
	s.known[t.Name()] = out // before its fields, which may refer to it
	if text := s.comments[key(t)]; text != "" {
		out["description"] = text
	}
	properties, required := object{}, []string{}
	s.fields(t, properties, &required)
	out["properties"] = properties
	if len(required) > 0 {
		out["required"] = required
	}
	if s.strict {
		out["additionalProperties"] = false
	}
	return ref
}

// fields adds a struct's fields; those of an embedded one stand among them, as in JSON.
func (s *schemas) fields(t reflect.Type, properties object, required *[]string) {
	for f := range t.Fields() {
		if f.Anonymous && f.Tag.Get("json") == "" {
			s.fields(f.Type, properties, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		property := s.schema(f.Type)
		if text := s.comments[key(t)+"."+f.Name]; text != "" {
			property["description"] = text
		}
		properties[name] = property
		if options == "" {
			*required = append(*required, name)
		}
	}
}

// required are the keys that a shape cannot be without.
func (s *schemas) required(value any) []string {
	var required []string
	s.fields(reflect.TypeOf(value), object{}, &required)
	return required
}

// enums are the words that a type can be; the empty one where there may be none.
var enums = map[reflect.Type][]string{
	reflect.TypeFor[board.State](): words(board.States()),
	reflect.TypeFor[board.Want](): words([]board.Want{board.WantNothing, board.WantImage, board.WantPowerOn, board.WantPowerOff, board.WantPowerCycle,
		board.WantSelfTest, board.WantMaintenance, board.WantCard}),
	reflect.TypeFor[v1.WebhookState](): words([]v1.WebhookState{v1.WebhookGood, v1.WebhookFailing, v1.WebhookDisabled}),
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// key is what a type's comment is found by.
func key(t reflect.Type) string { return path.Base(t.PkgPath()) + "." + t.Name() }

// Comments reads what the sources in folders say of their types and fields: "v1.Board", "v1.Board.Visit".
func Comments(folders ...string) (map[string]string, error) {
	all := map[string]string{}
	for _, folder := range folders {
		if err := readComments(folder, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func readComments(folder string, all map[string]string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("read the comments of %s: there is no source", folder)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return fmt.Errorf("read the comments of %s: %w", folder, err)
		}
		for _, d := range f.Decls {
			if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.TYPE {
				typeComments(all, f.Name.Name, d)
			}
		}
	}
	return nil
}

func typeComments(all map[string]string, of string, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		t, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		name := of + "." + t.Name.Name
		note(all, name, d.Doc)
		if st, ok := t.Type.(*ast.StructType); ok {
			fieldComments(all, name, st)
		}
	}
}

func fieldComments(all map[string]string, of string, st *ast.StructType) {
	for _, f := range st.Fields.List {
		for _, n := range f.Names {
			note(all, of+"."+n.Name, f.Doc)
			note(all, of+"."+n.Name, f.Comment)
		}
	}
}

func note(all map[string]string, of string, c *ast.CommentGroup) {
	if text := strings.Join(strings.Fields(c.Text()), " "); text != "" {
		all[of] = text
	}
}
