package httpapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"reflect"
	"slices"
	"strings"

	v1 "mozpool/httpapi/v1"
)

// body reads a JSON object into dst, a pointer to a struct. An empty body is an empty object. Keys must be those of
// the struct, as written, each once: encoding/json alone takes "IMAGE" for "image" and the last of two.
func (r *request) body(dst any) error {
	data := bytes.Clone(r.raw.PostBody())
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	if t, _, err := mime.ParseMediaType(r.header("Content-Type")); err != nil || t != "application/json" {
		return &apiError{v1.KindMediaType, "the body is not said to be JSON", "send Content-Type: application/json"}
	}
	return decode(data, dst)
}

// noBody is for routes that take no keys.
func (r *request) noBody() error { return r.body(&struct{}{}) }

func decode(data []byte, dst any) error {
	if err := checkKeys(data, keysOf(dst)); err != nil {
		return err
	}
	err := json.Unmarshal(data, dst)
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		kind.Field = cmp.Or(pathAt(data, kind.Offset), kind.Field) // which leaves out the keys of maps, such as config
	}
	return jsonProblem(err)
}

// pathAt is where the value stands whose first or only token ends at offset; empty: none does. The data has good keys.
func pathAt(data []byte, offset int64) string {
	w := walk{Decoder: json.NewDecoder(bytes.NewReader(data)), at: offset}
	if _, err := w.Token(); err != nil || w.object("", nil) != nil {
		return ""
	}
	return w.found
}

// keysOf lists the JSON keys of a pointer to a struct.
func keysOf(dst any) []string {
	t := reflect.TypeOf(dst).Elem()
	keys := make([]string, 0, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		keys = append(keys, name)
	}
	return keys
}

// checkKeys looks at the keys of one object, and of the objects in it for repetitions.
func checkKeys(data []byte, known []string) error {
	w := walk{Decoder: json.NewDecoder(bytes.NewReader(data))}
	first, err := w.Token()
	if err != nil {
		return jsonProblem(err)
	}
	if first != json.Delim('{') {
		return bad("send an object: {…}", "the body is no JSON object")
	}
	if err := w.object("", known); err != nil {
		return err
	}
	if _, err := w.Token(); !errors.Is(err, io.EOF) {
		return bad("send one object and nothing behind it", "something follows the JSON object")
	}
	return nil
}

// walk reads JSON token by token.
type walk struct {
	*json.Decoder
	at    int64  // where the token ends whose path is looked for; 0: none is
	found string // its path
}

// object reads on to the end of an object whose { has been read. known nil: any keys, but each once.
func (w *walk) object(path string, known []string) error {
	seen := map[string]bool{}
	for w.More() {
		token, err := w.Token()
		if err != nil {
			return jsonProblem(err)
		}
		key, ok := token.(string)
		if !ok {
			return bad("send a JSON object", "the body is not JSON")
		}
		switch {
		case known != nil && !slices.Contains(known, key):
			return bad(knownRemedy(known), "the key %q is not known here", path+key)
		case seen[key]:
			return bad("send it once", "the key %q is there twice", path+key)
		}
		seen[key] = true
		if err := w.value(path + key + "."); err != nil {
			return err
		}
	}
	_, err := w.Token()
	return jsonProblem(err)
}

// value reads one value; no shape of ours has more than plain values in lists.
func (w *walk) value(path string) error {
	if len(path) > maxPath {
		return bad("send what "+describePath+".html says", "the body is nested too deeply")
	}
	token, err := w.Token()
	if w.InputOffset() == w.at {
		w.found = strings.TrimSuffix(path, ".")
	}
	switch {
	case err != nil:
		return jsonProblem(err)
	case token == json.Delim('{'):
		return w.object(path, nil)
	case token == json.Delim('['):
		return w.list(path)
	}
	return nil
}

// list reads on to the end of a list whose [ has been read.
func (w *walk) list(path string) error {
	for w.More() {
		token, err := w.Token()
		if err != nil {
			return jsonProblem(err)
		}
		if _, nested := token.(json.Delim); nested {
			return bad("send what "+describePath+".html says", "the list %q has lists or objects in it", strings.TrimSuffix(path, "."))
		}
	}
	_, err := w.Token()
	return jsonProblem(err)
}

const maxPath = 1024

// jsonProblem says where JSON is wrong.
func jsonProblem(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kind):
		return bad("send "+plainType(kind.Type), "the value of %q is %s", kind.Field, article(strings.Replace(kind.Value, "array", "list", 1)))
	case errors.As(err, &syntax):
		return bad("mind the quotes and commas", "the body is not JSON: %s at byte %d", syntax, syntax.Offset)
	default:
		return bad("mind the quotes, commas and times (2026-01-02T15:04:05Z)", "the body is not JSON that can be read: %s", err)
	}
}

func plainType(t reflect.Type) string {
	switch t.Kind() { //nolint:exhaustive // the shapes of package v1 have no other kinds
	case reflect.Bool:
		return "true or false"
	case reflect.Map, reflect.Struct:
		return "an object"
	default:
		return article(t.Kind().String())
	}
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}
