package inventory

import (
	"strings"
	"testing"
)

func TestRecordsCarryTheirOwnProblems(t *testing.T) {
	t.Parallel()
	const text = two + `- {name: a/b, mac: "52:54:00:00:00:03", rack: r1, hardware: panda}
- {name: c, mac: [], rack: r1, hardware: panda}
- just text
- {name: d, mac: 52:54:00:00:00:04, rack: r1, hardware: panda, power: "h:bank9:relay1"}
`
	records, problems := Records("b", []byte(text), power)
	if problems != nil || len(records) != 6 {
		t.Fatal(records, problems)
	}
	for i, want := range []string{"", "", "cannot be a name", "boards[3].mac", "boards[4]", "there is no bank 9"} {
		if got := strings.Join(records[i].Problems, " "); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("record %d: %q, want %q", i, got, want)
		}
	}
	for _, whole := range []string{"boards: 7\n", "boards: [\n", "[]", `{"boards": [{"name": "a", "mac"`, "board: []\n"} {
		if records, problems := Records("b", []byte(whole), power); problems == nil || records != nil {
			t.Errorf("%q gave %v", whole, records)
		}
	}
}

// A board that no file describes is judged like one of a file, and each problem names its field.
func TestCheck(t *testing.T) {
	t.Parallel()
	good := Spec{ID: "netbox:1", Name: "b1", MAC: "52:54:00:01:00:01", Rack: "r1", Hardware: "panda"}
	if got := Check(good, nil, nil); len(got) != 0 {
		t.Error(got)
	}
	bad := good
	bad.Name, bad.MAC, bad.Place = "../etc", "", strings.Repeat("x", maxText+1)
	got := Check(bad, nil, map[string]bool{"mac": true})
	if len(got) != 2 || !strings.HasPrefix(got[0], "name: ") || !strings.HasPrefix(got[1], "place: ") {
		t.Error(got)
	}
}
