// Package record reads one record of an inventory's JSON into a board.
//
// It decides how values of the wrong type are told: by the field, what stands
// there, and what should. It never gives up half way, so that a person sees all
// that is wrong with a record at once. It refuses to know an inventory's keys;
// packages netbox and mozilla, its callers, do.
package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"mozpool/actors/inventory"
)

// Reader is one record, and what is wrong with it. Make it with New.
type Reader struct {
	value    map[string]any
	problems []string
	bad      map[string]bool // fields of the board that have a problem
}

// Board is a board in words, by the names of boards.yaml.
type Board struct {
	ID, Name, MAC, Rack, Hardware, Power, Address, Place, Console string
	Labels                                                        map[string]string
}

// New reads a record, which must be an object.
func New(data json.RawMessage) (*Reader, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // ids have more digits than a float
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("it is %s; an object is wanted", kind(value))
	}
	return &Reader{value: object, bad: make(map[string]bool)}, nil
}

// Problem says what is wrong with a field of the board, and what to do.
func (r *Reader) Problem(field, what string) {
	if r.bad[field] {
		return // one reason is enough to look
	}
	r.bad[field] = true
	r.problems = append(r.problems, field+": "+what)
}

// Value is what stands at the path; nil: nothing, or null.
func (r *Reader) Value(path ...string) any {
	var at any = r.value
	for _, key := range path {
		object, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = object[key]
	}
	return at
}

// Forget drops what was read, and keeps what is wrong with it: a list of 100,000
// is not to stand in memory twice.
func (r *Reader) Forget() { r.value = nil }

// Has tells whether anything stands at the path, null included.
func (r *Reader) Has(path ...string) bool {
	object, ok := r.Value(path[:len(path)-1]...).(map[string]any)
	_, has := object[path[len(path)-1]]
	return ok && has
}

// Text is the text or number at the path, for a field of the board; empty:
// there is none. Anything else there, or on the way, is a problem of the field.
func (r *Reader) Text(field string, path ...string) string {
	for i := range path {
		if on := r.Value(path[:i]...); i > 0 && on != nil && !isObject(on) {
			r.Problem(field, fmt.Sprintf("%s is %s; an object is wanted", strings.Join(path[:i], "."), kind(on)))
			return ""
		}
	}
	switch v := r.Value(path...).(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	default:
		r.Problem(field, fmt.Sprintf("%s is %s; text is wanted", strings.Join(path, "."), kind(v)))
		return ""
	}
}

// List is the list at the path; nil: there is none. Anything else there is a
// problem of the field.
func (r *Reader) List(field string, path ...string) []any {
	switch v := r.Value(path...).(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		r.Problem(field, fmt.Sprintf("%s is %s; a list is wanted", strings.Join(path, "."), kind(v)))
		return nil
	}
}

func isObject(v any) bool { _, ok := v.(map[string]any); return ok }

// kind says what a value is.
func kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case bool:
		return fmt.Sprint(v)
	case json.Number:
		return "the number " + v.String()
	case string:
		return fmt.Sprintf("the text %.40q", v)
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

// Record makes the board of a source called title. Power says whether a power
// line is well formed; nil: all are.
func (r *Reader) Record(title string, b Board, power inventory.ParsePower) inventory.Record {
	s := inventory.Spec{ID: b.ID, Name: b.Name, Rack: b.Rack, Hardware: b.Hardware, Power: b.Power,
		Address: r.address(b.Address), Place: Line(b.Place), Console: b.Console, Labels: b.Labels, Source: title}
	if b.MAC != "" {
		mac, err := inventory.ParseMAC(b.MAC)
		if err != nil {
			r.Problem("mac", err.Error())
		}
		s.MAC = mac
	}
	return inventory.Record{Spec: s, Problems: append(slices.Clone(r.problems), inventory.Check(s, power, r.bad)...)}
}

// address reads an IP address, with or without the length of its network.
func (r *Reader) address(text string) netip.Addr {
	if text == "" {
		return netip.Addr{}
	}
	bare, _, _ := strings.Cut(text, "/")
	addr, err := netip.ParseAddr(bare)
	if err != nil || addr.IsUnspecified() || addr.IsMulticast() {
		r.Problem("address", fmt.Sprintf("%q is no address of a board; correct it, or clear it: it is learned from the board", text))
		return netip.Addr{}
	}
	return addr.Unmap()
}

// maxLine is how long a place may be, in bytes; see inventory.Check.
const maxLine = 128

// Line makes one printable line of a text that is for people only, cut where a
// board's record would refuse it: no board is to be missed for its place.
func Line(text string) string {
	text = strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "")
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	if len(text) <= maxLine {
		return text
	}
	cut := maxLine
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut]
}
