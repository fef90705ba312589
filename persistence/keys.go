package persistence

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Keys are a letter for the kind, then names closed by a zero byte each, so
// that no name is a prefix of another's keys. A board's inputs sort directly
// before its record: one scan meets both.
//
//	b 0 BOARD 0 i          inputs
//	b 0 BOARD 0 r          head and record
//	e 0 BOARD 0 SLOT       event, in a ring of KeepEvents slots
//	a 0 BOARD 0 NUMBER     attempt
//	d 0 KIND 0 NAME 0      document
//	f 0 RACK 0             lowest epoch that may write

func boardKey(board string, what byte) []byte {
	return append(namedKey('b', board), what)
}

func eventKey(board string, count uint64) []byte {
	return binary.BigEndian.AppendUint64(namedKey('e', board), count%KeepEvents)
}

func attemptKey(board string, number uint64) []byte {
	return binary.BigEndian.AppendUint64(namedKey('a', board), number)
}

func docKey(kind, name string) []byte {
	return append(append(namedKey('d', kind), name...), 0)
}

// docKindOf undoes a part of docKey.
func docKindOf(key []byte) string {
	kind, _, _ := strings.Cut(string(key[2:]), "\x00")
	return kind
}

func namedKey(letter byte, name string) []byte {
	k := make([]byte, 0, len(name)+12)
	return append(append(append(k, letter, 0), name...), 0)
}

// boardPrefix is what all keys of boards whose name begins so begin with.
func boardPrefix(prefix string) []byte {
	return append([]byte{'b', 0}, prefix...)
}

// splitBoardKey undoes boardKey.
func splitBoardKey(key []byte) (board string, what byte) {
	return string(key[2 : len(key)-2]), key[len(key)-1]
}

func checkName(what, name string) error {
	if name == "" || len(name) > MaxBoard {
		return fmt.Errorf("%w: %s %.40q has %d bytes, allowed are 1 to %d", ErrInvalid, what, name, len(name), MaxBoard)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 }) {
		return fmt.Errorf("%w: %s %q holds a control character", ErrInvalid, what, name)
	}
	return nil
}
