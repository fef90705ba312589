package httpapi

import (
	"mozpool/httpapi/openapi"
	v1 "mozpool/httpapi/v1"
)

// describeRoutes are the routes of this file. They take no token: what the API is like is no secret, and a browser
// that reads the page has none.
func (s *Server) describeRoutes() []route {
	return []route{
		{"GET", describePath + ".json", nil, s.file("application/json", openapi.Document)},
		{"GET", describePath + ".html", nil, s.file("text/html; charset=utf-8", openapi.Page)},
	}
}

const describePath = v1.Prefix + "/openapi"

// file answers with bytes that never change.
func (s *Server) file(contentType string, data []byte) handler {
	return func(r *request) error {
		r.raw.SetContentType(contentType)
		r.raw.Response.SetBodyRaw(data)
		return nil
	}
}
