package httpapi

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/valyala/fasthttp"
)

// whole reads the bodies of all requests but uploads before their handlers run, so that these need not know of streams,
// and counts them: fasthttp, which has to be told for all requests at once that bodies are streamed, does neither then.
func (s *Server) whole(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		stream := c.RequestBodyStream()
		if stream == nil || isUpload(c) {
			next(c)
			return
		}
		body, err := readBody(stream, c.Request.Header.ContentLength(), s.cfg.MaxBody)
		if err == nil && brokeOff(c) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			s.badRequest(c, err)
			return
		}
		c.Request.SetBodyRaw(body)
		next(c)
	}
}

// isUpload tells the requests whose bodies are larger than memory should be.
func isUpload(c *fasthttp.RequestCtx) bool {
	return c.IsPut() && strings.HasPrefix(string(c.Path()), artifactsPath+"/")
}

// readBody reads a body of at most so many bytes. announced is its length; negative: it comes in chunks.
func readBody(stream io.Reader, announced, most int) ([]byte, error) {
	if announced > most {
		return nil, fasthttp.ErrBodyTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(stream, int64(most)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the body: %w", err)
	case len(body) > most:
		return nil, fasthttp.ErrBodyTooLarge
	}
	return body, nil
}

// brokeOff tells whether the client hung up before the end of its body. To fasthttp's stream that is an end like any
// other. What is buffered is used first, so after a whole body nobody has looked for more.
func brokeOff(c *fasthttp.RequestCtx) bool {
	switch w := c.Conn().(type) {
	case *ending:
		return w.ended
	case *conn:
		return w.ended
	}
	return false
}

// endings is a listener for TLS whose connections note their end, which TLS tells apart from the end below it.
type endings struct{ net.Listener }

// ending is one of its connections.
type ending struct {
	*tls.Conn
	ended bool // used by the server's goroutine of this connection only
}

// Accept implements net.Listener.
func (l endings) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	t, ok := c.(*tls.Conn)
	if !ok {
		return c, nil
	}
	return &ending{Conn: t}, nil
}

// Read implements net.Conn, and notes the end.
func (c *ending) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.ended = c.ended || errors.Is(err, io.EOF)
	return n, err
}
