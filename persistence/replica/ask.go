package replica

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"

	"mozpool/persistence"
)

// What one server may ask another, one question at a time a connection: a
// length of four bytes, then CBOR. An unknown field is passed over, so that
// versions N and N+1 understand each other.
type question struct {
	Entry  []byte  `cbor:"1,keyasint,omitempty"` // carry out these writes
	Join   *Server `cbor:"2,keyasint,omitempty"` // take me into the group
	Health bool    `cbor:"3,keyasint,omitempty"` // how far are you?
}

type reply struct {
	Answers []answer `cbor:"1,keyasint,omitempty"` // one for each write
	Leader  string   `cbor:"2,keyasint,omitempty"` // ask there instead
	Joined  bool     `cbor:"5,keyasint,omitempty"`
	Applied uint64   `cbor:"3,keyasint,omitempty"`
	Refused *answer  `cbor:"4,keyasint,omitempty"` // all of it
}

// answer is an error that travelled; the zero value is none.
type answer struct {
	Kind byte   `cbor:"1,keyasint,omitempty"`
	Text string `cbor:"2,keyasint,omitempty"`
}

var travellers = map[byte]error{
	'f': persistence.ErrFenced, 'c': persistence.ErrConflict, 'i': persistence.ErrInvalid,
	'n': persistence.ErrNotFound, 'u': persistence.ErrUnavailable, '?': persistence.ErrUnknown,
}

func pack(err error) answer {
	if err == nil {
		return answer{}
	}
	for _, kind := range []byte("?ufcin") {
		if errors.Is(err, travellers[kind]) {
			return answer{kind, err.Error()}
		}
	}
	return answer{'?', err.Error()}
}

// unpack makes the error anew; what this version cannot name is unknown.
func (a answer) unpack() error {
	if a == (answer{}) {
		return nil
	}
	kind, ok := travellers[a.Kind]
	if !ok {
		kind = persistence.ErrUnknown
	}
	return travelled{a.Text, kind}
}

type travelled struct {
	text string
	kind error
}

// Error implements error.
func (t travelled) Error() string { return t.text }

// Unwrap lets errors.Is find the kind.
func (t travelled) Unwrap() error { return t.kind }

const (
	askTime  = 5 * time.Second
	maxFrame = 4 << 20
)

func writeFrame(w io.Writer, v any) error {
	data, err := cbor.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(binary.BigEndian.AppendUint32(make([]byte, 0, len(data)+4), uint32(len(data))), data...))
	return err
}

func readFrame(r io.Reader, v any) error {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxFrame {
		return fmt.Errorf("a message of %d bytes, at most %d are read", n, maxFrame)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(r, data); err != nil {
		return err
	}
	return cbor.Unmarshal(data, v)
}

// asker keeps connections to other servers that are not in use.
type asker struct {
	dial func(ctx context.Context, address string) (net.Conn, error)
	mu   sync.Mutex
	idle map[string][]net.Conn
	over bool
}

// errNotSent: the question never left, so nothing came of it.
var errNotSent = errors.New("not sent")

// ask asks once. Only an error with errNotSent says that nothing happened.
func (a *asker) ask(ctx context.Context, address string, q question) (r reply, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	c, err := a.take(ctx, address)
	if err != nil {
		return reply{}, fmt.Errorf("%w: %w", errNotSent, err)
	}
	end, _ := ctx.Deadline()
	if err = c.SetDeadline(end); err == nil {
		err = writeFrame(c, q)
	}
	if err == nil {
		err = readFrame(c, &r)
	}
	if err != nil {
		return reply{}, errors.Join(fmt.Errorf("ask %s: %w", address, err), c.Close())
	}
	a.put(address, c)
	return r, nil
}

func (a *asker) take(ctx context.Context, address string) (net.Conn, error) {
	a.mu.Lock()
	if list := a.idle[address]; len(list) > 0 {
		c := list[len(list)-1] // before the lock goes: the next put writes into its place
		a.idle[address] = list[:len(list)-1]
		a.mu.Unlock()
		return c, nil
	}
	a.mu.Unlock()
	return a.dial(ctx, address)
}

func (a *asker) put(address string, c net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over || len(a.idle[address]) >= inFlight {
		_ = c.Close() // was well a moment ago, and is not needed
		return
	}
	a.idle[address] = append(a.idle[address], c)
}

func (a *asker) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	for _, list := range a.idle {
		for _, c := range list {
			_ = c.Close() // idle: nothing is lost
		}
	}
	a.idle = nil
}
