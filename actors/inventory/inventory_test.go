package inventory

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func power(text string) error {
	if strings.Contains(text, "bank9") {
		return errors.New("there is no bank 9")
	}
	return nil
}

const two = `boards:
- {name: board1, id: "17", mac: "52-54-00-01-00-0A", rack: r1, hardware: qemu-arm64, power: "10.91.0.2:2101:bank1:relay1",
   address: 10.91.0.101, place: "chassis 1 slot 3", labels: {pool: ci}}
- {name: board2, mac: 525400010002, rack: r1, hardware: panda, power: manual}
`

func TestParseOK(t *testing.T) {
	t.Parallel()
	specs, problems := Parse("b", []byte(two), power)
	if problems != nil {
		t.Fatal(problems)
	}
	got, err := json.Marshal(specs)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"id":"17","name":"board1","mac":"52:54:00:01:00:0a","rack":"r1","hardware":"qemu-arm64","power":"10.91.0.2:2101:bank1:relay1",` +
		`"address":"10.91.0.101","place":"chassis 1 slot 3","labels":{"pool":"ci"},"source":"b"},` +
		`{"id":"board2","name":"board2","mac":"52:54:00:01:00:02","rack":"r1","hardware":"panda","power":"manual","source":"b"}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestParseBad(t *testing.T) {
	t.Parallel()
	board := func(keys string) string {
		return two + "- {" + keys + ", rack: r1, hardware: panda}\n"
	}
	for name, tc := range map[string]struct{ text, want string }{
		"bad name":        {board(`name: a/b, mac: "52:54:00:00:00:03", power: manual`), "boards[2].name: \"a/b\" cannot be a name"},
		"bad long name":   {board(`name: ` + strings.Repeat("a", 64) + `, mac: "52:54:00:00:00:03", power: manual`), "cannot be a name"},
		"bad no name":     {board(`mac: "52:54:00:00:00:03", power: manual`), "the board with MAC 52:54:00:00:00:03 has no name"},
		"bad no mac":      {board(`name: c, power: manual`), "board c has no mac"},
		"bad mac":         {board(`name: c, mac: "52:54:00:00:00", power: manual`), "b:5:18: boards[2].mac: \"52:54:00:00:00\" is no MAC"},
		"bad power":       {board(`name: c, mac: "52:54:00:00:00:03", power: "h:bank9:relay1"`), "there is no bank 9"},
		"bad address":     {board(`name: c, mac: "52:54:00:00:00:03", power: manual, address: 0.0.0.0`), "no address of a board"},
		"bad label":       {board(`name: c, mac: "52:54:00:00:00:03", power: manual, labels: {"a b": x}`), "name of a label"},
		"bad label value": {board(`name: c, mac: "52:54:00:00:00:03", power: manual, labels: {a: "x,y"}`), "value of label a"},
		"bad place":       {board(`name: c, mac: "52:54:00:00:00:03", power: manual, place: "a\nb"`), "cannot be a place"},
		"bad same name":   {board(`name: Board2, mac: "52:54:00:00:00:03", power: manual`), "board Board2 has the name of board board2 on line 4"},
		"bad same id":     {board(`name: c, id: "17", mac: "52:54:00:00:00:03", power: manual`), "board c has the id of board board1 on line 2"},
		"bad same mac":    {board(`name: c, mac: 5254.0001.0002, power: manual`), "b:5:18: boards[2].mac: board c has the mac of board board2 on line 4"},
		"bad same relay":  {board(`name: c, mac: "52:54:00:00:00:03", power: "10.91.0.2:bank1:relay1"`), "board c has the power of board board1 on line 2"},
		"bad same address": {board(`name: c, mac: "52:54:00:00:00:03", power: manual, address: 10.91.0.101`),
			"board c has the address of board board1"},
		"bad unknown key": {board(`name: c, mca: x, mac: "52:54:00:00:00:03", power: manual`), "did you mean mac?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			specs, problems := Parse("b", []byte(tc.text), power)
			if len(problems) != 1 || !strings.Contains(problems.Error(), tc.want) || specs != nil {
				t.Errorf("got: %s\nwant: %s", problems.Error(), tc.want)
			}
		})
	}
}

func TestLoadFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "boards.yaml")
	if _, _, err := LoadFile(path, power); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("err %v: want that the file does not exist", err)
	}
	if err := os.WriteFile(path, []byte(two), 0o600); err != nil {
		t.Fatal(err)
	}
	if specs, problems, err := LoadFile(path, nil); err != nil || problems != nil || len(specs) != 2 || specs[0].Source != path {
		t.Error(specs, problems, err)
	}
}

func TestParseMAC(t *testing.T) {
	t.Parallel()
	const want = MAC("52:54:00:ab:cd:ef")
	for _, text := range []string{"52:54:00:ab:cd:ef", "52-54-00-AB-CD-EF", "5254.00ab.cdef", "525400ABCDEF"} {
		if got, err := ParseMAC(text); err != nil || got != want || got.Dashed() != "52-54-00-ab-cd-ef" {
			t.Errorf("OK %s: got %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "52:54:00:ab:cd", "52:54-00:ab:cd:ef", "5:254:00:ab:cd:ef", "52:54:00:ab:cd:eg",
		"ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "01:00:5e:00:00:01", "5254.00a.bcdef", "52.54.00.ab.cd.ef", "52:54:00:ab:cd:ef:01"} {
		if got, err := ParseMAC(text); err == nil {
			t.Errorf("bad %q became %s", text, got)
		}
	}
}

func FuzzParseMAC(f *testing.F) {
	f.Add("52:54:00:ab:cd:ef")
	f.Add("5254.00ab.cdef")
	f.Fuzz(func(t *testing.T, text string) {
		mac, err := ParseMAC(text)
		if err != nil {
			return
		}
		if again, err := ParseMAC(mac.String()); err != nil || again != mac {
			t.Errorf("%q became %s, which became %s (%v)", text, mac, again, err)
		}
	})
}
