package apitest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// Judge holds requests and answers against an OpenAPI document: whatever a server says must be in it, and a request
// that the server takes must be one that the document allows.
type Judge struct{ router routers.Router }

// NewJudge reads a document.
func NewJudge(document []byte) (*Judge, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("judge by the document: %w", err)
	}
	return &Judge{router}, nil
}

// judged are the media types whose bodies are looked into.
var judged = []string{"application/json", "application/problem+json"}

// Exchange judges a request, whose body is given, and its answer. A path that the document does not have must be
// answered with 4xx.
func (j *Judge) Exchange(req *http.Request, sent []byte, res *http.Response, got []byte) error {
	route, params, err := j.router.FindRoute(req)
	if err != nil {
		if res.StatusCode/100 == 2 && req.Method != http.MethodHead && req.Method != http.MethodOptions {
			return fmt.Errorf("%s %s is answered with %s, and the document does not have it", req.Method, req.URL.Path, res.Status)
		}
		return nil
	}
	in := &openapi3filter.RequestValidationInput{Request: req.Clone(context.Background()), PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}}
	in.Request.Body = io.NopCloser(bytes.NewReader(sent))
	if res.StatusCode/100 == 2 && len(sent) > 0 {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			return fmt.Errorf("the server takes %s %s %q, the document does not: %w", req.Method, req.URL, sent, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: res.StatusCode, Header: res.Header, Options: in.Options}
	for _, media := range judged {
		if strings.HasPrefix(res.Header.Get("Content-Type"), media) {
			out.SetBodyBytes(got)
			return judgement(req, got, openapi3filter.ValidateResponse(context.Background(), out))
		}
	}
	return nil
}

func judgement(req *http.Request, got []byte, err error) error {
	if err == nil {
		return nil
	}
	var of *openapi3filter.ResponseError
	if errors.As(err, &of) && of.Err != nil {
		err = of.Err
	}
	return fmt.Errorf("%s %s is answered with %.500s, and the document has it otherwise: %w", req.Method, req.URL, got, err)
}

// RoundTripper judges what goes through a client; fail is told what was wrong.
func (j *Judge) RoundTripper(base http.RoundTripper, fail func(error)) http.RoundTripper {
	return transport{j, base, fail}
}

type transport struct {
	judge *Judge
	base  http.RoundTripper
	fail  func(error)
}

// RoundTrip implements http.RoundTripper. Streams are not looked into: they have no end.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent []byte
	if req.Body != nil {
		var err error
		if sent, err = io.ReadAll(req.Body); err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		_ = req.Body.Close() // all of it was read
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(sent))
	}
	res, err := t.base.RoundTrip(req)
	if err != nil || !strings.Contains(res.Header.Get("Content-Type"), "json") || strings.Contains(res.Header.Get("Content-Type"), "ndjson") {
		return res, err
	}
	got, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	_ = res.Body.Close() // all of it was read
	res.Body = io.NopCloser(bytes.NewReader(got))
	if err := t.judge.Exchange(req, sent, res, got); err != nil {
		t.fail(err)
	}
	return res, nil
}
