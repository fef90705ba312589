package record

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func read(t *testing.T, text string) *Reader {
	t.Helper()
	r, err := New(json.RawMessage(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestText(t *testing.T) {
	t.Parallel()
	r := read(t, `{"a": {"b": " x "}, "n": 12345678901234567, "f": 12.5, "null": null, "list": [1], "yes": true, "s": "text"}`)
	for _, tc := range []struct{ path, want string }{
		{"a.b", "x"}, {"n", "12345678901234567"}, {"f", "12.5"}, {"null", ""}, {"none", ""}, {"none.deep", ""}, {"null.deep", ""},
	} {
		if got := r.Text("name", strings.Split(tc.path, ".")...); got != tc.want {
			t.Errorf("%s: %q", tc.path, got)
		}
	}
	if len(r.problems) != 0 {
		t.Error(r.problems)
	}
	for _, tc := range []struct{ path, want string }{
		{"a", "a is an object"}, {"list", "list is a list"}, {"yes", "yes is true"}, {"s.deep", `s is the text "text"; an object is wanted`}, {"n.deep", "n is the number"},
	} {
		r.problems, r.bad = nil, map[string]bool{}
		if got := r.Text("power", strings.Split(tc.path, ".")...); got != "" || len(r.problems) != 1 || !strings.Contains(r.problems[0], "power: "+tc.want) {
			t.Errorf("%s: %q %q", tc.path, got, r.problems)
		}
	}
	r.problems, r.bad = nil, map[string]bool{}
	if got := r.List("labels", "list"); len(got) != 1 || r.List("labels", "none") != nil || len(r.problems) > 0 {
		t.Error(got, r.problems)
	}
	if r.List("labels", "s") != nil || len(r.problems) != 1 {
		t.Error(r.problems)
	}
}

func TestNoRecord(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", "[]", `"b1"`, "null", "7"} {
		if _, err := New(json.RawMessage(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	good := Board{ID: "netbox:1", Name: "b1", MAC: "5254.0001.0001", Rack: "r1", Hardware: "panda", Power: "manual", Address: "10.0.0.5/24", Labels: map[string]string{"pool": "ci"}}
	rec := read(t, "{}").Record("lab", good, nil)
	if len(rec.Problems) > 0 || rec.Spec.MAC != "52:54:00:01:00:01" || rec.Spec.Address.String() != "10.0.0.5" || rec.Spec.Source != "lab" {
		t.Errorf("%+v", rec)
	}
	for _, tc := range []struct {
		change func(*Board)
		want   string
	}{
		{func(b *Board) { b.MAC = "01:00:5e:00:00:01" }, "mac: "},
		{func(b *Board) { b.MAC = "" }, "mac: board b1 has no mac"},
		{func(b *Board) { b.Address = "10.0.0.500" }, "address: "},
		{func(b *Board) { b.Address = "0.0.0.0" }, "address: "},
		{func(b *Board) { b.Name = "../b1" }, "name: "},
		{func(b *Board) { b.Rack = "" }, "rack: "},
		{func(b *Board) { b.Power = "bad" }, "power: no switch"},
		{func(b *Board) { b.Labels = map[string]string{"a/b": ""} }, "labels: "},
	} {
		b := good
		tc.change(&b)
		rec := read(t, "{}").Record("lab", b, func(line string) error {
			if line == "bad" {
				return errors.New("no switch")
			}
			return nil
		})
		if len(rec.Problems) != 1 || !strings.HasPrefix(rec.Problems[0], tc.want) {
			t.Errorf("%q: %q", tc.want, rec.Problems)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := Line(rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("ü€😀\x00\n")), 0, 200, -1)).Draw(t, "text"))
		if len(got) > maxLine || !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Fatalf("%q", got)
		}
	})
	if got := Line(" Site A,\n rack 1 "); got != "Site A, rack 1" {
		t.Errorf("%q", got)
	}
}
