package strictyaml

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type sample struct {
	Name   string            `yaml:"name"`
	Count  int               `yaml:"count"`
	Port   uint16            `yaml:"port"`
	On     bool              `yaml:"on"`
	Rate   float64           `yaml:"rate"`
	Wait   Duration          `yaml:"wait"`
	Room   Size              `yaml:"room"`
	Addr   netip.Addr        `yaml:"addr"`
	List   []string          `yaml:"list"`
	Labels map[string]string `yaml:"labels"`
	Racks  map[string]rack   `yaml:"racks"`
	Maybe  *Duration         `yaml:"maybe"`
	Hidden string            `yaml:"-"`
}

type rack struct {
	Listen string `yaml:"listen"`
	Limit  int    `yaml:"limit"`
}

func (r *rack) SetDefaults() { r.Limit = 16 }

func TestDecodeOK(t *testing.T) {
	t.Parallel()
	got := sample{Rate: 7}
	_, problems := Decode("f.yaml", []byte(`
name: "17"   # a comment
count: -3
port: 65535
on: true
wait: 1h30m
room: 64MiB
addr: 10.0.0.1
list: [a, b]
labels: {pool: ci}
racks: {r1: {listen: x}, r2: }
maybe: 5s
`), &got)
	if problems != nil {
		t.Fatal(problems)
	}
	if got.Name != "17" || got.Count != -3 || got.Port != 65535 || !got.On || got.Rate != 7 || got.Labels["pool"] != "ci" || len(got.List) != 2 {
		t.Errorf("decoded %+v", got)
	}
	if got.Wait.Std() != 90*time.Minute || got.Room != 64<<20 || got.Addr != netip.MustParseAddr("10.0.0.1") || got.Maybe.String() != "5s" {
		t.Errorf("custom types: %+v", got)
	}
	if got.Racks["r1"].Limit != 16 || got.Racks["r2"].Limit != 16 {
		t.Errorf("entries do not start from their defaults: %+v", got.Racks)
	}
}

func TestDecodeNothing(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"OK empty": "", "OK comment": "# none\n", "OK null": "~\n", "OK marker": "---\n", "OK bare list": "list:\n"} {
		got := sample{Name: "kept"}
		if _, problems := Decode("f", []byte(text), &got); problems != nil || got.Name != "kept" {
			t.Errorf("%s: %v, %+v", name, problems, got)
		}
	}
}

func TestDecodeBad(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x,x]\nb: &b [*a,*a]\n"
	for name, tc := range map[string]struct{ text, want string }{
		"bad unknown key":       {"nmae: x", "f:1:1: nmae: unknown key; did you mean name?"},
		"bad unknown far":       {"zzzzzz: x", "keys here: name, count"},
		"bad nested unknown":    {"racks:\n  r1:\n    lisen: x\n", "f:3:5: racks.r1.lisen: unknown key; did you mean listen?"},
		"bad hidden key":        {"Hidden: x", "unknown key"},
		"bad number as text":    {"name: 17", `name: wants text, not the number 17; put it in quotes: "17"`},
		"bad bool as text":      {"name: true", "wants text, not the truth value true"},
		"bad text as number":    {"count: x", `wants a whole number, not the text "x"`},
		"bad fraction":          {"count: 1.5", "wants a whole number, not the number 1.5"},
		"bad large":             {"count: 99999999999999999999", "count: 99999999999999999999 is too large; no number above 9223372036854775807 can be read"},
		"bad small":             {"count: -99999999999999999999", "is too small; no number below -9223372036854775808 can be read"},
		"bad quoted number":     {"count: \"17\"", `wants a whole number, not the text "17"`},
		"bad huge port":         {"port: 99999999999999999999", "from 0 to 65535"},
		"bad port":              {"port: 65536", "from 0 to 65535"},
		"bad negative port":     {"port: -1", "65535"},
		"bad bool":              {"on: 1", "wants true or false"},
		"bad quoted bool":       {"on: \"true\"", "wants true or false"},
		"bad list":              {"list: a", "list: wants a list"},
		"bad list entry":        {"list: [a, 5]", "f:1:11: list[1]: wants text"},
		"bad mapping":           {"labels: [a]", "wants a mapping"},
		"bad struct":            {"racks: {r1: [a]}", "racks.r1: wants a mapping of keys, not a list; keys here: listen, limit"},
		"bad scalar mapping":    {"name: {a: b}", "wants text, not a mapping"},
		"bad null":              {"name:", "has no value"},
		"bad null custom":       {"wait:", "has no value"},
		"bad custom mapping":    {"wait: {a: 1}", "single value"},
		"bad duration":          {"wait: 10", "is no duration; write a number and a unit"},
		"bad negative":          {"wait: -3s", "negative"},
		"bad size":              {"room: 64MB", "is no size"},
		"bad size overflow":     {"room: 9000000000TiB", "too large"},
		"bad address":           {"addr: 10.0.0.256", "addr: "},
		"bad twice":             {"name: a\nname: b", "f:2:1: name: is given twice, first on line 1"},
		"bad twice in map":      {"labels: {a: x, a: y}", "labels.a: is given twice"},
		"bad key kind":          {"? [a]\n: b\n", "a key must be text"},
		"bad template unquoted": {"name: {{x}}", "not"},
		"bad root":              {"- a", "wants a mapping of keys"},
		"bad root text":         {"hello", "wants a mapping of keys"},
		"bad two documents":     {"name: a\n---\nname: b", "second document"},
		"bad anchor":            {"name: &x a", "anchor &x is not allowed"},
		"bad bomb":              {bomb, "alias *a is not allowed"},
		"bad merge":             {"racks: {r1: {<<: {listen: a}}}", "merge key"},
		"bad tag":               {"name: !!binary aGk=", "tag"},
		"bad tab":               {"racks:\n\tr1: {}", "f:2:"},
		"bad syntax":            {"name: [a", "not YAML"},
		"bad bytes":             {"name: \xff", "f:1:7: byte 0xff is not UTF-8"},
		"bad NUL":               {"name: a\x00", "byte 0x00"},
		"bad depth":             {"list: " + strings.Repeat("[", 500) + strings.Repeat("]", 500), "levels deep"},
		"bad extreme depth":     {"list: " + strings.Repeat("[", 200000), "f"},
		"bad size of file":      {strings.Repeat("#", MaxBytes+1), "larger than 32MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got sample
			_, problems := Decode("f", []byte(tc.text), &got)
			if len(problems) == 0 || !strings.Contains(problems.Error(), tc.want) {
				t.Errorf("got: %s\nwant: %s", problems.Error(), tc.want)
			}
		})
	}
}

func TestDecodeReportsAllInOrder(t *testing.T) {
	t.Parallel()
	var got sample
	_, problems := Decode("f", []byte("racks: {r1: {limit: x}}\nnmae: a\ncount: b\nname: ok\n"), &got)
	if len(problems) != 3 || problems[0].Line != 1 || problems[1].Line != 2 || problems[2].Line != 3 {
		t.Errorf("problems:\n%s", problems.Error())
	}
	if got.Name != "ok" {
		t.Error("what was good was not decoded beside what was bad")
	}
}

func TestDocumentAt(t *testing.T) {
	t.Parallel()
	var got sample
	doc, _ := Decode("f", []byte("racks:\n  r1:\n    listen: x\nlist:\n- a\n- b\n"), &got)
	for _, tc := range []struct {
		path []string
		want string
	}{
		{[]string{"racks", "r1", "listen"}, "f:3:13"}, {[]string{"racks", "r1"}, "f:2:3"},
		{[]string{"racks", "r1", "absent"}, "f:2:3"}, {[]string{"list", "1"}, "f:6:3"}, {nil, "f:1:1"},
	} {
		if p := doc.At(tc.path...); p.String() != tc.want {
			t.Errorf("At(%q) = %s, want %s", tc.path, p, tc.want)
		}
	}
	if !doc.Has("list", "1") || doc.Has("list", "2") || doc.Has("name") {
		t.Error("Has")
	}
	if p := doc.Problem("bad", "mend", "list", "1"); p.Error() != "f:6:3: list[1]: bad; mend" {
		t.Error(p)
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	var got sample
	if _, _, err := ReadFile(filepath.Join(t.TempDir(), "none"), &got); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("err %v", err)
	}
	path := filepath.Join(t.TempDir(), "f.yaml")
	if err := os.WriteFile(path, []byte("name: x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if doc, problems, err := ReadFile(path, &got); err != nil || problems != nil || got.Name != "x" || doc.File() != path {
		t.Error(problems, err, got)
	}
}

func TestTypesShowThemselvesBack(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"150ms", "30s", "10m", "1h30m", "24h", "1m5s", "0s"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.String() != text {
			t.Errorf("%s became %s (%v)", text, d, err)
		}
	}
	for _, text := range []string{"0", "512", "1KiB", "64MiB", "3GiB", "2TiB", "1025"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s.String() != text {
			t.Errorf("%s became %s (%v)", text, s, err)
		}
	}
}

func TestProblemsErr(t *testing.T) {
	t.Parallel()
	var none Problems
	if none.Err() != nil {
		t.Error("no problems are an error")
	}
	if (Problems{{What: "x"}}).Err() == nil {
		t.Error("a problem is no error")
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"name: a", "a: &a [*a]", "racks: {r1: {listen: x}}", "list:\n- a\n-", "? :", "wait: 1h\nroom: 5KiB"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got sample
		doc, problems := Decode("f", data, &got)
		for _, p := range problems {
			if p.What == "" || p.File != "f" {
				t.Errorf("a problem without place or text: %+v", p)
			}
		}
		doc.At("racks", "r1", "listen")
	})
}

func FuzzSize(f *testing.F) {
	f.Add("64MiB")
	f.Add("8EiB")
	f.Fuzz(func(t *testing.T, text string) {
		var s, again Size
		if s.UnmarshalText([]byte(text)) != nil {
			return
		}
		if s < 0 || again.UnmarshalText([]byte(s.String())) != nil || again != s {
			t.Errorf("%q became %d and then %d", text, s, again)
		}
	})
}
