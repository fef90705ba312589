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
