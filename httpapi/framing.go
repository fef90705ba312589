package httpapi

import (
	"bytes"

	"github.com/valyala/fasthttp"
)

// framed refuses folded header lines, and all that follows them on their connection. fasthttp joins them, a proxy in front
// may not; then a Transfer-Encoding hidden in a fold has the two cut the stream at different places, and what one takes for a
// body is a request to the other. No client of ours folds, and RFC 9112 lets a server refuse. What else is ambiguous, two
// lengths or a length beside chunks, fasthttp refuses by itself; a test holds both.
func (s *Server) framed(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		if raw := c.Request.Header.RawHeaders(); bytes.Contains(raw, []byte("\n ")) || bytes.Contains(raw, []byte("\n\t")) {
			s.headers(c)
			s.fail(c, bad("send each header on one line", "a header goes on in a second line"))
			c.SetConnectionClose()
			return
		}
		next(c)
	}
}
