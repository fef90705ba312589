package selector

import (
	"slices"
	"strings"
	"testing"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

var rack = []v1.Board{
	{Name: "a1", Rack: "r1", State: board.Ready, Image: "v1", Labels: map[string]string{"pool": "ci"}},
	{Name: "a2", Rack: "r1", State: board.FailedBoot, Image: "mozpool/self-test", Labels: map[string]string{}},
	{Name: "b1", Rack: "r2", State: board.FailedVerify, Image: "v1", Hardware: "panda", Power: "on"},
}

func TestSelectors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"rack=r1": "a1 a2", "rack=r*": "a1 a2 b1", "rack=r1,state=failed_boot": "a2", "state=failed": "a2 b1",
		"state=ready,state=failed_boot": "a1 a2", "state=failed_*, rack=r2": "b1", "pool=ci": "a1", "pool": "a1", "pool=x": "", "image=mozpool*": "a2",
		"image=": "", "name=*": "a1 a2 b1", "name=?1": "a1 b1", "hardware=panda,power=on": "b1", "other": "",
	} {
		s, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		var got []string
		for _, b := range rack {
			if s.Fits(b) {
				got = append(got, b.Name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s chooses %v, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", " ", ",", "=x", "rack", "state=happy", "rack!=r1", "rack=[", "rack=r1,,"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	got, missing := Names(rack, []string{"b1", "a*", "a1", "c*", "nobody"})
	names := make([]string, len(got))
	for i, b := range got {
		names[i] = b.Name
	}
	if !slices.Equal(names, []string{"a1", "a2", "b1"}) || !slices.Equal(missing, []string{"c*", "nobody"}) {
		t.Errorf("%v, without %v", names, missing)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("rack=r1,state=failed_boot")
	f.Add("name=[a-")
	f.Fuzz(func(_ *testing.T, text string) {
		if s, err := Parse(text); err == nil {
			s.Fits(rack[0])
		}
	})
}
