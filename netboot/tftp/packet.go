package tftp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Operations of RFC 1350 and 2347.
const (
	opRead    = 1
	opWrite   = 2
	opData    = 3
	opAck     = 4
	opError   = 5
	opOptions = 6
)

// Codes of ERROR packets.
const (
	CodeUndefined  = 0
	CodeNotFound   = 1
	CodeAccess     = 2
	CodeFull       = 3
	CodeIllegal    = 4
	CodeUnknownTID = 5
	CodeOptions    = 8
)

const (
	headerSize  = 4
	longestText = 200 // bytes of an error's text that are sent
)

// Error is an ERROR packet.
type Error struct {
	Code uint16
	Text string
}

// Error gives the code and the text.
func (e *Error) Error() string { return fmt.Sprintf("TFTP error %d: %s", e.Code, e.Text) }

// asError is what a client is told of err.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: CodeNotFound, Text: err.Error()}
}

// packet encodes the error. A zero byte would end the text early.
func (e *Error) packet() []byte {
	text := strings.ReplaceAll(e.Text, "\x00", " ")
	p := binary.BigEndian.AppendUint16([]byte{0, opError}, e.Code)
	return append(append(p, text[:min(len(text), longestText)]...), 0)
}

// clientError reads an ERROR packet of a client.
func clientError(p []byte) *Error {
	text, _, _ := bytes.Cut(p[headerSize:], []byte{0})
	return &Error{Code: binary.BigEndian.Uint16(p[2:]), Text: string(text[:min(len(text), longestText)])}
}

// option is a name and a value as the client wrote them.
type option struct{ name, value string }

// request is a request to read, or to write.
type request struct {
	write   bool
	name    string
	options []option
}

// maxOptions is how many options are looked at; no more than five are known.
const maxOptions = 16

// parseRequest reads what came to the listening port. A nil error with an empty name is a packet that gets no answer: an
// error of its own could be answered with another for ever.
func parseRequest(p []byte) (request, *Error) {
	if len(p) < 2 {
		return request{}, nil
	}
	switch binary.BigEndian.Uint16(p) {
	case opRead, opWrite:
	default:
		return request{}, nil
	}
	name, rest, ok := word(p[2:])
	mode, rest, ok2 := word(rest)
	switch {
	case !ok || !ok2 || name == "":
		return request{}, &Error{Code: CodeIllegal, Text: "the request has no end"}
	case !strings.EqualFold(mode, "octet"):
		return request{}, &Error{Code: CodeIllegal, Text: "only mode octet (binary) is served"}
	}
	r := request{name: name, write: p[1] == opWrite}
	for len(r.options) < maxOptions {
		var o option
		if o.name, rest, ok = word(rest); !ok {
			break
		}
		if o.value, rest, ok = word(rest); !ok {
			break // some loaders pad the request
		}
		r.options = append(r.options, o)
	}
	return r, nil
}

// word takes a text up to its zero byte.
func word(p []byte) (text string, rest []byte, ok bool) {
	before, after, ok := bytes.Cut(p, []byte{0})
	return string(before), after, ok
}
