package describe

import (
	"bytes"
	_ "embed" // the template
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
)

//go:embed page.html.tmpl
var pageText string

// Page makes a page for people from the document.
func Page(doc []byte) ([]byte, error) {
	var d struct {
		Info       struct{ Title, Description string }
		Components struct{ Schemas map[string]shape }
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	t, err := template.New("page").Funcs(template.FuncMap{"ref": refOf}).Parse(pageText)
	if err != nil {
		return nil, fmt.Errorf("parse the page: %w", err)
	}
	var lines []line
	s := &schemas{known: object{}}
	for _, o := range Operations {
		lines = append(lines, lineOf(s, o))
	}
	var shapes []shape
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		sh := d.Components.Schemas[name]
		sh.Name = name
		shapes = append(shapes, sh)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, map[string]any{"Title": d.Info.Title, "Text": d.Info.Description, "Lines": lines, "Shapes": shapes, "Parameters": parameters}); err != nil {
		return nil, fmt.Errorf("make the page: %w", err)
	}
	return out.Bytes(), nil
}

// line is an operation on the page.
type line struct {
	Method, Path, Text string
	Query              []queryLine
	Body, Answer       object
	Status             int
	Media              string
}

type queryLine struct{ Name, Text string }

func lineOf(s *schemas, o Operation) line {
	l := line{Method: o.Method, Path: o.Path, Text: o.Text, Status: max(o.Status, 200), Media: strings.Join(o.Media, ", ")}
	for _, q := range o.Query {
		l.Query = append(l.Query, queryLine{q, parameters[q].text})
	}
	if o.Body != nil {
		l.Body = s.of(o.Body)
	}
	if !o.Only {
		l.Answer = s.of(o.Answer)
	}
	return l
}

// shape is a schema on the page.
type shape struct {
	Name, Description string
	Properties        map[string]map[string]any
	Required          []string
}

// Must says whether a key is always there.
func (s shape) Must(key string) bool { return slices.Contains(s.Required, key) }

// reference is the type of a key in words, and the shape that it leads to.
type reference struct{ Word, To string }

// refOf says in words what a schema is.
func refOf(schema map[string]any) reference {
	if to, ok := schema["$ref"].(string); ok {
		name := to[strings.LastIndex(to, "/")+1:]
		return reference{name, name}
	}
	if either, ok := schema["anyOf"].([]any); ok && len(either) > 0 {
		if first, ok := either[0].(map[string]any); ok {
			r := refOf(first)
			r.Word += " or null"
			return r
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		r := refOf(items)
		r.Word = "list of " + r.Word
		return r
	}
	switch t := schema["type"].(type) {
	case string:
		return reference{Word: t}
	case []any:
		return reference{Word: fmt.Sprint(t[0]) + " or null"}
	}
	return reference{Word: "anything"}
}
