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
	sendChunk = 4 << 20          // after which the peer's patience is measured anew
	sendLimit = 60 * time.Second // for one chunk
)

// body is a file, or a range of it, on its way to a board. It is sent by sendfile.
type body struct {
	*Transfer
	length int64
	conn   net.Conn
	sent   int64
	err    error
}

// WriteTo hands the file to the connection in chunks, each under a time limit, so that a board that is gone holds
// nothing for long.
func (b *body) WriteTo(w io.Writer) (int64, error) {
	from, ok := w.(io.ReaderFrom)
	file, isFile := b.ReadSeekCloser.(*os.File)
	for b.sent < b.length {
		if b.conn != nil {
			if b.err = b.conn.SetWriteDeadline(time.Now().Add(sendLimit)); b.err != nil {
				return b.sent, b.err
			}
		}
		n := min(sendChunk, b.length-b.sent)
		var wrote int64
		if ok && isFile {
			wrote, b.err = from.ReadFrom(&io.LimitedReader{R: file, N: n})
		} else {
			wrote, b.err = io.CopyN(w, b.ReadSeekCloser, n)
		}
		b.sent += wrote
		if b.err == nil && wrote < n {
			b.err = io.ErrUnexpectedEOF
		}
		if b.err != nil {
			return b.sent, b.err
		}
	}
	return b.sent, nil
}

// Close ends the transfer and tells how it went.
func (b *body) Close() error {
	if b.conn != nil {
		_ = b.conn.SetWriteDeadline(time.Time{}) // the connection may be gone
	}
	if b.sent < b.length && b.err == nil {
		b.err = io.ErrUnexpectedEOF
	}
	b.Done(b.sent, b.err)
	return b.Transfer.Close()
}

// stream answers with a file: whole, a single range, nothing new (304), or its head only.
func (r *request) stream(b *body, size int64, etag string) {
	h := &r.ctx.Response.Header
	h.Set("Accept-Ranges", "bytes")
	r.ctx.SetContentType("application/octet-stream")
	if etag != "" {
		h.Set("ETag", `"`+etag+`"`)
		if matches(string(r.ctx.Request.Header.Peek("If-None-Match")), etag) {
			r.unread(b)
			r.ctx.SetStatusCode(fasthttp.StatusNotModified)
			return
		}
	}
	start, length, ok := r.wanted(size, etag)
	if !ok {
		r.unread(b)
		r.text(fasthttp.StatusRequestedRangeNotSatisfiable, "no such range")
		h.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
		return
	}
	if length < size {
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, start+length-1, size))
		r.ctx.SetStatusCode(fasthttp.StatusPartialContent)
	}
	if r.ctx.IsHead() {
		r.unread(b)
		r.ctx.Response.SkipBody = true
		h.SetContentLength(int(length))
		return
	}
	if _, err := b.Seek(start, io.SeekStart); err != nil {
		r.unread(b)
		r.text(fasthttp.StatusServiceUnavailable, "the file cannot be read")
		return
	}
	b.length, b.conn = length, r.ctx.Conn()
	r.ctx.Response.SetBodyStream(b, int(length))
}

// unread closes a body that is not sent, without telling of a transfer.
func (*request) unread(b *body) { _ = b.Transfer.Close() } // was only opened

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
