package images

import (
	"bytes"
	"strings"
	"testing"
)

func TestReadTable(t *testing.T) {
	t.Parallel()
	fat := make([]byte, sector)
	copy(fat[400:], bytes.Repeat([]byte{0x42}, 110)) // boot code where the table would be
	fat[510], fat[511] = 0x55, 0xaa
	badSum := gptDisk()
	badSum[sector+72]++
	for name, tc := range map[string]struct {
		image      []byte
		want, fail string
	}{
		"OK MBR":       {mbrDisk(), "p1 (4KiB-8KiB, type 0x0c), p2 (8KiB-12KiB, type 0x83), p5 (13KiB-15KiB, type 0x83), p6 (21KiB-23KiB, type 0x82)", ""},
		"OK GPT":       {gptDisk(), "p2 (20KiB-24KiB, type 0FC63DAF)", ""},
		"OK short":     {[]byte("x"), "no partition table", ""},
		"OK boot code": {fat, "no partition table", ""},
		"bad GPT sum":  {badSum, "", "checksum of the GPT header"},
		"bad GPT cut":  {gptDisk()[:sector+100], "", "read the GPT header"},
		"bad EBR cut":  {mbrDisk()[:30*sector], "", "extended partition's record"},
	} {
		table, err := readTable(bytes.NewReader(tc.image))
		if tc.fail != "" {
			wants(t, err, tc.fail)
			continue
		}
		if got := describeTable(table); err != nil || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %s (%v), want %s", name, got, err, tc.want)
		}
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add(mbrDisk())
	f.Add(gptDisk())
	f.Fuzz(func(t *testing.T, image []byte) {
		table, err := readTable(bytes.NewReader(image))
		for _, p := range table {
			if err == nil && (p.Number < 1 || p.Size <= 0 || p.Start < 0) {
				t.Errorf("an impossible partition %+v", p)
			}
		}
	})
}

func FuzzParseArea(f *testing.F) {
	f.Add("p1")
	f.Add("0-4MiB")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseArea(text)
		if err != nil {
			return
		}
		if again, err := ParseArea(a.String()); err != nil || again != a {
			t.Errorf("%q became %v, which became %v (%v)", text, a, again, err)
		}
	})
}

func TestParseAreaBad(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "p0", "p01", "p129", "p", "4MiB", "4MiB-0", "1-1", "-", "0-4MB", "p1-p2"} {
		if a, err := ParseArea(text); err == nil {
			t.Errorf("bad %q became %v", text, a)
		}
	}
}
