package describe

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"mozpool/httpapi/openapi"
)

func document(t *testing.T, strict bool) []byte {
	t.Helper()
	comments, err := Comments("../../v1", "../../../actors/board")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := Document(comments, strict)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// The files that the server serves are made from the code as it is.
func TestFilesAreCurrent(t *testing.T) {
	t.Parallel()
	doc := document(t, false)
	page, err := Page(doc)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(doc, openapi.Document) || !bytes.Equal(page, openapi.Page) {
		t.Error("the description is not current; write it anew with: make generate")
	}
}

func TestDocumentIsOpenAPI(t *testing.T) {
	t.Parallel()
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(document(t, true))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(loader.Context); err != nil {
		t.Error(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("it is OpenAPI %s", doc.OpenAPI)
	}
}

// Every shape and every key says what it is for, unless its name does.
func TestShapesAreExplained(t *testing.T) {
	t.Parallel()
	var doc struct {
		Components struct {
			Schemas map[string]struct{ Description string }
		}
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Summary     string
		}
	}
	if err := json.Unmarshal(document(t, false), &doc); err != nil {
		t.Fatal(err)
	}
	for name, s := range doc.Components.Schemas {
		if s.Description == "" && !slices.Contains([]string{"", "status"}, name) {
			t.Errorf("shape %s is not explained", name)
		}
	}
	ids := map[string]bool{}
	for path, ops := range doc.Paths {
		for method, o := range ops {
			if o.Summary == "" || ids[o.OperationID] {
				t.Errorf("%s %s: %+v is not explained, or its id is taken", method, path, o)
			}
			ids[o.OperationID] = true
		}
	}
	for _, o := range Operations {
		for _, q := range o.Query {
			if parameters[q].text == "" {
				t.Errorf("%s %s: parameter %s is not explained", o.Method, o.Path, q)
			}
		}
	}
}

func TestPageAsksForNothing(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"<script", "src=", "http://", "https://", "@import", "<link"} {
		if bytes.Contains(openapi.Page, []byte(word)) {
			t.Errorf("the page has %s", word)
		}
	}
	for _, word := range []string{"PUT /api/v1/boards/{name}/state", `href="#Board"`, `id="Board"`, "the ETag"} {
		if !bytes.Contains(openapi.Page, []byte(word)) {
			t.Errorf("the page lacks %s", word)
		}
	}
}

func TestCommentsOfNothing(t *testing.T) {
	t.Parallel()
	if _, err := Comments("nowhere"); err == nil {
		t.Error("a folder that is not there was read")
	}
}
