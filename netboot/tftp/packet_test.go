package tftp

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestParseRequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		packet, name string
		options      int
		code         int // -1: no error
	}{
		{"\x00\x01a/b\x00octet\x00", "a/b", 0, -1},
		{"\x00\x01a\x00OcTeT\x00blksize\x001468\x00tsize\x000\x00", "a", 2, -1},
		{"\x00\x01a\x00octet\x00blksize\x001468\x00\x00\x00\x00pad", "a", 2, -1}, // padded
		{"\x00\x01a\x00octet\x00blksize", "a", 0, -1},                            // cut off
		{"\x00\x01a\x00octet\x00blksize\x00", "a", 0, -1},
		{"\x00\x01a\x00netascii\x00", "", 0, CodeIllegal},
		{"\x00\x01a\x00mail\x00", "", 0, CodeIllegal},
		{"\x00\x01a\x00octet", "", 0, CodeIllegal},
		{"\x00\x01a", "", 0, CodeIllegal},
		{"\x00\x01\x00octet\x00", "", 0, CodeIllegal},
		{"\x00\x02a\x00octet\x00", "a", 0, -1},
		{"\x00\x03\x00\x01data", "", 0, -1},
		{"\x00\x04\x00\x01", "", 0, -1},
		{"\x00\x05\x00\x01error\x00", "", 0, -1},
		{"\xff\xff", "", 0, -1},
		{"\x00", "", 0, -1},
		{"", "", 0, -1},
	} {
		r, refusal := parseRequest([]byte(c.packet))
		code := -1
		if refusal != nil {
			code = int(refusal.Code)
		}
		if r.name != c.name || len(r.options) != c.options || r.write != strings.HasPrefix(c.packet, "\x00\x02") || code != c.code {
			t.Errorf("%q: %+v, %v", c.packet, r, refusal)
		}
	}
}

func TestErrorPackets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{&Error{Code: CodeAccess, Text: "no"}, "\x00\x05\x00\x02no\x00"},
		{errors.New("gone"), "\x00\x05\x00\x01gone\x00"},
		{errors.New("a\x00b"), "\x00\x05\x00\x01a b\x00"},
		{errors.New(strings.Repeat("x", 999)), "\x00\x05\x00\x01" + strings.Repeat("x", longestText) + "\x00"},
	} {
		p := asError(c.err).packet()
		if string(p) != c.want {
			t.Errorf("%v: %q", c.err, p)
		}
		if back := clientError(p); !bytes.Equal(back.packet(), p) {
			t.Errorf("%q is read as %v", p, back)
		}
	}
}

// FuzzParseRequest: whatever comes, a request that is taken can be answered, and an error is one that fits a packet.
func FuzzParseRequest(f *testing.F) {
	f.Add([]byte("\x00\x01a\x00octet\x00blksize\x001468\x00windowsize\x0016\x00timeout\x005\x00tsize\x000\x00"), int64(1000))
	f.Add([]byte("\x00\x01a\x00octet\x00blksize\x00-1\x00BLKSIZE\x008\x00"), int64(0))
	f.Add([]byte("\x00\x02a\x00octet\x00"), int64(1))
	f.Fuzz(func(t *testing.T, p []byte, size int64) {
		r, refusal := parseRequest(p)
		if refusal != nil && (r.name != "" || len(refusal.packet()) > longestText+headerSize+1) {
			t.Fatalf("%q: %+v and %v", p, r, refusal)
		}
		if len(r.options) > maxOptions {
			t.Fatalf("%d options", len(r.options))
		}
		if size < 0 {
			return
		}
		got := agree(r.options, size, defaultWindow, func() int { return 1468 })
		if got.block < leastBlock || got.block > 1468 || got.window < 1 || got.window > defaultWindow {
			t.Fatalf("%q: %+v", p, got)
		}
		if len(got.answer) > len(p)+24 { // tsize and what was lowered may be longer than what was asked
			t.Fatalf("an answer of %d bytes to a request of %d", len(got.answer), len(p))
		}
	})
}
