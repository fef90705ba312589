// Package websim gives a pretended inventory the troubles of a real web server.
//
// It decides how a trouble looks on the wire: an error, a limit on requests, an
// answer that comes too late, that is cut off with or without the server
// noticing, a redirect elsewhere. It refuses to know what is served. The
// pretended inventories netboxsim and mozillasim stand behind one, for tests and
// for "mozpool demo".
package websim

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"sync"
)

// Trouble is what happens to a request. The zero Trouble is none.
type Trouble struct {
	Status     int    // the error that is answered; 0: none
	RetryAfter int    // seconds, with Status
	Body       string // instead of the answer, or with Status
	Redirect   string // to this address
	// Cut breaks the connection in the middle of the answer; Short ends the
	// answer early as if it were whole, as a bad proxy does.
	Cut, Short bool
	// Hang never answers; it ends when the client gives up.
	Hang bool
	// Endless sends blanks for ever before the answer.
	Endless bool
}

// Front stands before a server. The zero Front lets everything through; set
// Behind first.
type Front struct {
	Behind http.Handler

	mu       sync.Mutex
	always   Trouble
	next     []Trouble
	requests int
}

// Break makes every request meet a trouble, until it is told another.
func (f *Front) Break(t Trouble) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.always = t
}

// BreakNext makes the next requests meet these troubles, one each; the zero
// Trouble lets one through.
func (f *Front) BreakNext(ts ...Trouble) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = ts
}

// Requests counts those that came so far.
func (f *Front) Requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

func (f *Front) trouble() Trouble {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	if len(f.next) == 0 {
		return f.always
	}
	t := f.next[0]
	f.next = f.next[1:]
	return t
}

// ServeHTTP serves what is behind, or a trouble.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch t := f.trouble(); {
	case t.Hang:
		<-r.Context().Done()
	case t.Redirect != "":
		http.Redirect(w, r, t.Redirect, http.StatusFound)
	case t.Status != 0:
		if t.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(t.RetryAfter))
		}
		http.Error(w, t.Body, t.Status)
	case t.Body != "":
		_, _ = fmt.Fprint(w, t.Body)
	case t.Endless:
		endless(w)
	case t.Cut, t.Short:
		f.part(w, r, t.Cut)
	default:
		f.Behind.ServeHTTP(w, r)
	}
}

// part sends the first half of the answer.
func (f *Front) part(w http.ResponseWriter, r *http.Request, announce bool) {
	whole := kept{header: make(http.Header), status: http.StatusOK}
	f.Behind.ServeHTTP(&whole, r)
	body := whole.body.Bytes()
	if announce { // the length of the whole, so that the client notices
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(whole.status)
	_, _ = w.Write(body[:len(body)/2])
}

// kept is an answer that is not sent yet.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header         { return k.header }
func (k *kept) WriteHeader(status int)      { k.status = status }
func (k *kept) Write(p []byte) (int, error) { return k.body.Write(p) }

// endless sends blanks until the client hangs up.
func endless(w http.ResponseWriter) {
	blanks := make([]byte, 1<<20)
	for i := range blanks {
		blanks[i] = ' '
	}
	for {
		if _, err := w.Write(blanks); err != nil {
			return
		}
	}
}
