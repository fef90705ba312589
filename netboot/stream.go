package netboot

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	sendChunk = 4 << 20          // bytes, after which a new time limit begins
	sendLimit = 60 * time.Second // for one chunk, and for every other answer
)

// body is a file, or a range of it, on its way to a board. It is sent by sendfile.
type body struct {
	*Transfer
	start  int64 // first byte of the range
	length int64 // of the range
	conn   net.Conn
	count  func(sent int64, err error) // nil: nobody counts
	moved  func(arrived int64)         // hears now and then how much of the range has arrived; nil: nobody does
	sent   int64
	err    error
}

// WriteTo hands the file to the connection in chunks, each under a time limit, so that a board that is gone holds
// nothing for long. The engine sets a new limit for the next answer, so none is taken away here.
func (b *body) WriteTo(w io.Writer) (int64, error) {
	if b.moved != nil {
		stop := sample(b.conn, sampleEvery, b.length, b.moved)
		defer stop()
	}
	for b.sent < b.length && b.err == nil {
		if b.err = b.conn.SetWriteDeadline(time.Now().Add(sendLimit)); b.err != nil {
			break
		}
		n := min(sendChunk, b.length-b.sent)
		var wrote int64
		wrote, b.err = b.chunk(w, n)
		b.sent += wrote
		if b.err == nil && wrote < n {
			b.err = io.ErrUnexpectedEOF // the file was cut
		}
	}
	return b.sent, b.err
}

// chunk sends n bytes. Only an *os.File in an io.LimitedReader, handed to the connection's ReadFrom, goes by sendfile.
func (b *body) chunk(w io.Writer, n int64) (int64, error) {
	file, isFile := b.Content.(*os.File)
	if to, ok := w.(io.ReaderFrom); ok && isFile {
		return to.ReadFrom(&io.LimitedReader{R: file, N: n})
	}
	return io.CopyN(w, b.Content, n)
}

// Close ends the transfer and tells how it went.
func (b *body) Close() error {
	if b.sent < b.length && b.err == nil {
		b.err = io.ErrUnexpectedEOF
	}
	b.Done(b.sent, b.err)
	if b.count != nil {
		b.count(b.sent, b.err)
	}
	return b.Transfer.Close()
}

// stream answers with a file: whole, a single range, nothing new (304), or its head only. It takes the body over, and says
// whether bytes follow.
func (r *request) stream(b *body, etag string) bool {
	size, h := b.Size, &r.ctx.Response.Header
	h.Set("Accept-Ranges", "bytes")
	r.ctx.SetContentType("application/octet-stream")
	if etag != "" {
		h.Set("ETag", `"`+etag+`"`)
		if matches(string(r.ctx.Request.Header.Peek("If-None-Match")), etag) {
			r.ctx.SetStatusCode(fasthttp.StatusNotModified)
			return b.unread()
		}
	}
	start, length, ok := r.wanted(size, etag)
	if !ok {
		r.text(fasthttp.StatusRequestedRangeNotSatisfiable, "no such range")
		h.Set("Content-Range", fmt.Sprintf("bytes */%d", size)) // after text, which clears the headers
		return b.unread()
	}
	if length < size {
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, start+length-1, size))
		r.ctx.SetStatusCode(fasthttp.StatusPartialContent)
	}
	return r.send(b, start, length)
}

// send answers with length bytes of a body from start on, and says whether bytes follow.
func (r *request) send(b *body, start, length int64) bool {
	if r.ctx.IsHead() {
		r.ctx.Response.SkipBody = true
		r.ctx.Response.Header.SetContentLength(int(length))
		return b.unread()
	}
	if _, err := b.Seek(start, io.SeekStart); err != nil {
		r.text(fasthttp.StatusServiceUnavailable, "the file cannot be read")
		return b.unread()
	}
	b.start, b.length, b.conn = start, length, r.ctx.Conn()
	b.count = func(sent int64, err error) { r.s.cfg.Metrics.transferred(r.s.cfg.Rack, viaHTTP, sent, err) }
	r.ctx.Response.SetBodyStream(b, int(length))
	return true
}

// unread closes a body that is not sent, without telling of a transfer: false, nothing follows.
func (b *body) unread() bool {
	_ = b.Transfer.Close() // was only opened
	return false
}

// matches says whether an If-None-Match names the tag.
func matches(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == "*" || tag == `"`+etag+`"` {
			return true
		}
	}
	return false
}

// wanted reads a single Range. What is no range, or several, or is of another file than If-Range names, is the whole
// file, as RFC 9110 permits. false: a range beyond the file.
func (r *request) wanted(size int64, etag string) (start, length int64, ok bool) {
	spec, isBytes := strings.CutPrefix(string(r.ctx.Request.Header.Peek("Range")), "bytes=")
	if cond := string(r.ctx.Request.Header.Peek("If-Range")); !isBytes || cond != "" && cond != `"`+etag+`"` {
		return 0, size, true
	}
	from, to, found := strings.Cut(strings.TrimSpace(spec), "-")
	if !found || strings.Contains(spec, ",") {
		return 0, size, true
	}
	first, err1 := strconv.ParseInt(from, 10, 64)
	last, err2 := strconv.ParseInt(to, 10, 64)
	switch {
	case from == "" && err2 == nil: // the last bytes
		n := min(last, size)
		return size - n, n, n > 0
	case err1 != nil || first < 0, to != "" && (err2 != nil || last < first):
		return 0, size, true
	case first >= size:
		return 0, 0, false
	case to == "" || last >= size:
		last = size - 1
	}
	return first, last - first + 1, true
}
