package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
	if err := json.Unmarshal(data, dst); err != nil {
		return jsonProblem(err)
	}
	return nil
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
	dec := json.NewDecoder(bytes.NewReader(data))
	first, err := dec.Token()
	if err != nil {
		return jsonProblem(err)
	}
	if first != json.Delim('{') {
		return bad("send an object: {…}", "the body is no JSON object")
	}
	if err := walkObject(dec, "", known); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return bad("send one object and nothing behind it", "something follows the JSON object")
	}
	return nil
}

// walkObject reads on to the end of an object whose { has been read. known nil: any keys, but each once.
func walkObject(dec *json.Decoder, path string, known []string) error {
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
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
		if err := walkValue(dec, path+key+"."); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return jsonProblem(err)
}

// walkValue reads one value; no shape of ours has more than plain values in lists.
func walkValue(dec *json.Decoder, path string) error {
	if len(path) > maxPath {
		return bad("send what the table of API v1 says", "the body is nested too deeply")
	}
	token, err := dec.Token()
	switch {
	case err != nil:
		return jsonProblem(err)
	case token == json.Delim('{'):
		return walkObject(dec, path, nil)
	case token == json.Delim('['):
		return walkList(dec, path)
	}
	return nil
}

// walkList reads on to the end of a list whose [ has been read.
func walkList(dec *json.Decoder, path string) error {
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return jsonProblem(err)
		}
		if _, nested := token.(json.Delim); nested {
			return bad("send what the table of API v1 says", "the list %q has lists or objects in it", strings.TrimSuffix(path, "."))
		}
	}
	_, err := dec.Token()
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
		return bad(fmt.Sprintf("send a %s", plainType(kind.Type)), "the value of %q is a %s", kind.Field, strings.Replace(kind.Value, "array", "list", 1))
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
		return "object"
	default:
		return t.Kind().String()
	}
}
