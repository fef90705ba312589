// Package describe makes the description of API v1 from a table of its operations and the Go shapes of package v1.
//
// It decides how a Go type looks as a JSON schema; what a field means is the comment beside it, so that there is one
// place to write it. It refuses to know how requests are served. It runs when the description is written anew and in
// tests, never in the server.
package describe

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	v1 "mozpool/httpapi/v1"
)

// Operation is one line of the API.
type Operation struct {
	Method string
	Path   string
	Text   string   // what it does, a sentence or two
	Query  []string // names of parameters, see parameters
	Body   any      // zero value of the shape; nil: none
	Bytes  bool     // the body is a file's bytes
	Answer any      // zero value of the shape
	Status int      // of the answer when all is well; 0: 200
	Media  []string // of the answer, beside application/json
	Only   bool     // of the answer there is Media alone
	Match  bool     // If-Match is required
	// Conditions says that If-Match and If-None-Match are heeded.
	Conditions bool
}

func (o Operation) id() string {
	words := pathWords.Split(strings.TrimPrefix(o.Path, v1.Prefix), -1)
	return strings.ToLower(o.Method) + strings.Join(titled(words), "")
}

var pathWords = regexp.MustCompile(`[^a-zA-Z0-9]+`)

func titled(words []string) []string {
	var out []string
	for _, w := range words {
		if w != "" {
			out = append(out, strings.ToUpper(w[:1])+w[1:])
		}
	}
	return out
}

type object = map[string]any

// Document is the OpenAPI document. strict refuses keys that the shapes do not have, which is for tests: clients are to
// expect new ones.
func Document(comments map[string]string, strict bool) ([]byte, error) {
	s := &schemas{comments: comments, strict: strict, known: object{}}
	paths := object{}
	for _, o := range Operations {
		p, ok := paths[o.Path].(object)
		if !ok {
			p = object{}
			paths[o.Path] = p
		}
		p[strings.ToLower(o.Method)] = s.operation(o)
	}
	s.of(v1.Problem{})
	doc := object{
		"openapi": "3.1.0",
		"info": object{"title": "mozpool API v1", "version": "1", "description": "Imaging servers for racks of unreliable boards. " +
			"Times are RFC 3339 in UTC, by the server's clock. A wish is durable once it is answered with 202; sent again with the same Idempotency-Key it is done once. " +
			"Errors are problems (RFC 9457): programs decide by kind, people read detail and remedy. New keys may come at any time; a key never changes its meaning."},
		"paths": paths,
		"components": object{"schemas": s.known, "securitySchemes": object{"token": object{"type": "http", "scheme": "bearer",
			"description": "A token of mozpool token create. A server that listens on loopback alone may ask for none."}}},
		"security": []any{object{"token": []any{}}, object{}},
	}
	data, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode the document: %w", err)
	}
	return append(data, '\n'), nil
}

func (s *schemas) operation(o Operation) object {
	status := o.Status
	if status == 0 {
		status = 200
	}
	answer := object{"description": "It is done, or taken.", "content": s.content(o)}
	if text := tagOf(o.Answer); text != "" {
		answer["headers"] = object{"ETag": object{"description": text, "schema": object{"type": "string"}}}
	}
	op := object{"operationId": o.id(), "summary": o.Text, "tags": []any{o.subject()},
		"responses": object{strconv.Itoa(status): answer, "default": object{"description": "A problem.",
			"content": object{"application/problem+json": object{"schema": s.of(v1.Problem{})}}}}}
	if o.Path == "/readyz" {
		op["responses"].(object)["503"] = object{"description": "Not ready.", "content": object{"application/problem+json": object{"schema": object{"type": "object"}}}}
	}
	if params := parametersOf(o); len(params) > 0 {
		op["parameters"] = params
	}
	if o.Bytes {
		op["requestBody"] = object{"required": true, "content": object{"application/octet-stream": object{"schema": object{"type": "string", "format": "binary"}}}}
	}
	if o.Body != nil {
		op["requestBody"] = object{"required": len(s.required(o.Body)) > 0, "content": object{"application/json": object{"schema": s.of(o.Body)}}}
	}
	return op
}

// tagOf says what the ETag of an answer is; empty: it has none.
func tagOf(answer any) string {
	switch answer.(type) {
	case v1.Board, v1.Accepted:
		return "The visit of the board, in quotes."
	case v1.Image, v1.ImageDetail, v1.Hardware:
		return "The revision, in quotes."
	}
	return ""
}

// subject is what an operation is about: boards, images.
func (o Operation) subject() string {
	rest, ok := strings.CutPrefix(o.Path, v1.Prefix+"/")
	if !ok {
		return "server" // livez and the like
	}
	word, _, _ := strings.Cut(rest, "/")
	word, _, _ = strings.Cut(word, ".")
	switch word {
	case "bulk":
		return "boards"
	case "backup", "reload", "openapi", "report":
		return "server"
	}
	return word
}

func (s *schemas) content(o Operation) object {
	content := object{}
	if !o.Only {
		content["application/json"] = object{"schema": s.of(o.Answer)}
	}
	for _, m := range o.Media {
		content[m] = object{"schema": object{"type": "string"}}
	}
	return content
}

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

func parametersOf(o Operation) []any {
	var all []any
	for _, m := range pathParameter.FindAllStringSubmatch(o.Path, -1) {
		p := parameters["{"+m[1]+"}"]
		all = append(all, object{"name": m[1], "in": "path", "required": true, "description": p.text, "schema": p.schema})
	}
	for _, q := range o.Query {
		p := parameters[q]
		all = append(all, object{"name": q, "in": "query", "description": p.text, "schema": p.schema})
	}
	if o.Method == "POST" && o.Status == 202 || o.Path == v1.Prefix+"/bulk" {
		all = append(all, header(v1.IdempotencyKey, "A random text, at most 200 bytes; the same request again under it does nothing and gets the first answer; another one is refused."))
	}
	if o.Match {
		all = append(all, header("If-Match", "The ETag of the board as it was read; without it the answer is 428."))
	}
	if o.Conditions && o.Method == "PUT" {
		all = append(all, header("If-None-Match", "*: only if there is none of this name yet; otherwise the answer is 412."))
	}
	if o.Conditions {
		all = append(all, header("If-Match", "A revision in quotes, as in the ETag: only if it is at this one; otherwise the answer is 412."))
	}
	if slices.Contains(o.Media, "text/event-stream") {
		all = append(all, header("Last-Event-ID", "Begin after this event."))
	}
	return all
}

func header(name, text string) object {
	return object{"name": name, "in": "header", "description": text, "schema": object{"type": "string"}}
}
