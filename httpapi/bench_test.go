package httpapi

import (
	"testing"

	"github.com/valyala/fasthttp"
)

// BenchmarkShowBoard is what a board costs from the router to the encoded answer, without a connection.
func BenchmarkShowBoard(b *testing.B) {
	h := New(Config{Fleet: fleet()}).handler()
	var c fasthttp.RequestCtx
	c.Init(&fasthttp.Request{}, nil, nil)
	c.Request.SetRequestURI("http://x/api/v1/boards/b1")
	b.ReportAllocs()
	for b.Loop() {
		c.Response.Reset()
		c.ResetUserValues()
		h(&c)
		if c.Response.StatusCode() != 200 {
			b.Fatalf("%s", c.Response.Body())
		}
	}
}
