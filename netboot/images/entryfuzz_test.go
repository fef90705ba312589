package images

import "testing"

// Whatever comes by the API becomes a type or an image that is whole, or is left out with a reason. What was left out must
// not be found again by its name.
func FuzzEntries(f *testing.F) {
	for _, s := range []string{`{"live":"live/a","disk":"/dev/vda","keep":["p1","0-4MiB"],"limits":{"booting":"3m"}}`, `{"install":"raw","artifacts":[{"name":"disk","file":"a.img","sha256":"ab","to":"disk"}]}`,
		`{"install":"script","script":"x"}`, `{"verify":{"kind":"tcp"}}`, "live: [", "a: &a [*a]", `{"keep":["p0"]}`, `{"entry":"../x"}`, "", "null", `[]`} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	base, problems := Load(Options{Files: dir, Store: dir})
	if problems != nil {
		f.Fatal(problems)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, clashes := base.With([]Entry{{Kind: OfHardware, Name: "type", Data: data}, {Kind: OfImage, Name: "image", Data: data}})
		if clashes != nil {
			t.Fatal(clashes)
		}
		for kind, name := range map[Kind]string{OfHardware: "type", OfImage: "image"} {
			source, revision, ok := c.Find(kind, name)
			if ok == c.LeftOut(kind, name) || ok && (source != FromAPI || revision == "") {
				t.Errorf("%s: %v, source %q, revision %q, left out %v", kind, ok, source, revision, c.LeftOut(kind, name))
			}
		}
		for _, u := range c.Unfit() {
			if u.Problems.Err() == nil {
				t.Errorf("%s is left out without a reason", u.Kind)
			}
		}
		if h, ok := c.HardwareType("type"); ok && (h.Live == "" || h.Disk == "") {
			t.Errorf("%+v", h)
		}
	})
}
