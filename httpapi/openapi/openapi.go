// Package openapi is the description of API v1: an OpenAPI 3.1 document, and a page for people made from it.
//
// It decides nothing; both files are written by package describe from its table and the shapes of package v1
// ("make generate"), and tests hold them true: each must be current, each route must be in it, and every request and
// answer of the API's tests is judged by it. Package httpapi serves them.
package openapi

import _ "embed" // the files

//go:generate go run ./write

// Document is the OpenAPI 3.1 document.
//
//go:embed openapi.json
var Document []byte

// Page is the same for people: one page of HTML that asks for nothing else.
//
//go:embed openapi.html
var Page []byte
