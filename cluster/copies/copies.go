// Package copies brings artifacts from the servers that have them to the uploads of the one that lacks them.
//
// It decides whom to ask, and that many who want the same at once make one fetch. It refuses to keep anything but what
// has the hash that was asked for: the store hashes what comes, whoever sent it. What is wanted, and when, others decide:
// the server asks for what an image or a running attempt names. It goes over the questions between servers (package
// ask), so it needs no listener and no key of its own: mutual TLS between the nodes of one cluster.
package copies

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mrand "math/rand/v2"
	"os"
	"sync"
	"time"

	"mozpool/cluster/ask"
	"mozpool/netboot/images/uploads"
)

// Subject is what questions between servers say that are about copies.
const Subject = "artifact"

const (
	piece    = 2 << 20          // bytes of one answer, which may have 4 MiB as JSON
	patience = 20 * time.Second // for one piece
)

// Store is where uploads lie. *uploads.Store is one.
type Store interface {
	Has(sum string) (uploads.Artifact, error)
	Put(sum, name string, size int64, body io.Reader, now time.Time) (uploads.Artifact, error)
}

// Source is what others may have: uploads, and whatever else this server knows by its hash. *uploads.Store is one.
type Source interface {
	Has(sum string) (uploads.Artifact, error) // uploads.ErrNone: it is not here
	Read(sum string) (*os.File, error)        // likewise; the caller closes it
}

// Peers reach the other servers.
type Peers interface {
	Others() []string
	Ask(ctx context.Context, server string, q ask.Question, answer any) error
}

// Copies fetches and hands out.
type Copies struct {
	store  Store
	source Source
	peers  Peers
	log    *slog.Logger

	mu      sync.Mutex
	flights map[string]*flight // by hash
}

// flight is one fetch, and all who wait for it.
type flight struct {
	landed chan struct{}
	err    error // once landed
}

// New makes one; nil logger: silence.
func New(store Store, source Source, peers Peers, log *slog.Logger) *Copies {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Copies{store: store, source: source, peers: peers, log: log, flights: map[string]*flight{}}
}

// Fetch brings an artifact to the uploads, unless it is among them. Whoever asks for the same meanwhile waits for the same fetch, whose ctx
// is the first one's. uploads.ErrNone: no server that answered has it.
func (c *Copies) Fetch(ctx context.Context, sum string) error {
	c.mu.Lock()
	f, under := c.flights[sum]
	if !under {
		f = &flight{landed: make(chan struct{})}
		c.flights[sum] = f
	}
	c.mu.Unlock()
	if under {
		select {
		case <-f.landed:
			return f.err
		case <-ctx.Done():
			return fmt.Errorf("wait for artifact %s: %w", sum, ctx.Err())
		}
	}
	f.err = c.fetch(ctx, sum)
	c.mu.Lock()
	delete(c.flights, sum)
	c.mu.Unlock()
	close(f.landed)
	return f.err
}

// fetch asks one server after the other, in no order: the first of the list would have all the work.
func (c *Copies) fetch(ctx context.Context, sum string) error {
	if _, err := c.store.Has(sum); !errors.Is(err, uploads.ErrNone) {
		return err
	}
	others := c.peers.Others()
	mrand.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	var errs []error
	for _, server := range others {
		err := c.from(ctx, server, sum)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	if len(errs) == 0 {
		errs = append(errs, uploads.ErrNone)
	}
	return fmt.Errorf("fetch artifact %s: %w", sum, errors.Join(errs...))
}

func (c *Copies) from(ctx context.Context, server, sum string) error {
	r := &remote{ctx: ctx, peers: c.peers, server: server, sum: sum}
	if err := r.next(); err != nil {
		return err
	}
	name := r.name
	if !uploads.CheckName(name) {
		name = sum
	}
	began := time.Now()
	a, err := c.store.Put(sum, name, r.size, r, began)
	if err != nil {
		return fmt.Errorf("from server %s: %w", server, err)
	}
	c.log.Info("artifact fetched", "sha256", sum, "name", a.Name, "bytes", a.Size, "from", server, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// remote reads an upload of another server, piece by piece.
type remote struct {
	ctx         context.Context
	peers       Peers
	server, sum string

	name   string
	size   int64
	offset int64  // of what comes after buf
	buf    []byte // not read yet
}

// question asks for a piece.
type question struct {
	SHA256 string `json:"sha256"`
	Offset int64  `json:"offset"`
}

// answer is a piece, as much of it as one answer holds.
type answer struct {
	None  bool   `json:"none,omitempty"` // the server does not have it
	Error string `json:"error,omitempty"`
	Name  string `json:"name,omitempty"`
	Size  int64  `json:"size,omitempty"` // of the whole
	Data  []byte `json:"data,omitempty"`
}

// Read implements io.Reader.
func (r *remote) Read(p []byte) (int, error) {
	if len(r.buf) == 0 {
		if r.offset >= r.size {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.buf)
	r.buf = r.buf[n:]
	return n, nil
}

// next asks for the next piece.
func (r *remote) next() error {
	body, err := json.Marshal(question{r.sum, r.offset})
	if err != nil {
		return fmt.Errorf("ask for artifact %s: %w", r.sum, err)
	}
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	var a answer
	// Without an id nobody remembers the answer: a piece may be asked for twice, and memory is for more than pieces.
	if err := r.peers.Ask(ctx, r.server, ask.Question{Subject: Subject, Body: body}, &a); err != nil {
		return err
	}
	switch {
	case a.None:
		return fmt.Errorf("server %s: %w", r.server, uploads.ErrNone)
	case a.Error != "":
		return fmt.Errorf("server %s: %s", r.server, a.Error)
	case len(a.Data) == 0 && r.offset < a.Size, a.Size < r.offset+int64(len(a.Data)):
		return fmt.Errorf("server %s answers with no piece of %d bytes at %d", r.server, a.Size, r.offset)
	}
	r.name, r.size, r.buf = a.Name, a.Size, a.Data
	r.offset += int64(len(a.Data))
	return nil
}

// Absent is the answer of a server that has no uploads yet: it is about to start.
var Absent any = answer{None: true}

// Answer answers another server's question; it is an ask.Handler.
func (c *Copies) Answer(_ context.Context, q ask.Question) any {
	var asked question
	if err := json.Unmarshal(q.Body, &asked); err != nil {
		return answer{Error: fmt.Sprintf("read a question of %s: %v", q.From, err)}
	}
	a, err := c.source.Has(asked.SHA256)
	if errors.Is(err, uploads.ErrNone) {
		return answer{None: true}
	}
	if err != nil {
		return answer{Error: err.Error()}
	}
	data, err := c.piece(asked)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Name: a.Name, Size: a.Size, Data: data}
}

// piece reads what one answer holds.
func (c *Copies) piece(asked question) ([]byte, error) {
	f, err := c.source.Read(asked.SHA256)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // read only
	data := make([]byte, piece)
	n, err := f.ReadAt(data, asked.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read artifact %s: %w", asked.SHA256, err)
	}
	return data[:n], nil
}
