package board

import "testing"

func TestWear(t *testing.T) {
	t.Parallel()
	for text, c := range map[string]struct {
		want Wear
		says string
	}{
		"0x01:0x03:0x01:0": {Wear{Life: 3, PreEOL: 1}, ""},
		"0x0a:0x01::0":     {Wear{Life: 10}, "its card says that 90 to 100 % of its life are used"},
		"0x01:0x0b:1:0":    {Wear{Life: 11, PreEOL: 1}, "its card says that its life is over"},
		"::2:0":            {Wear{PreEOL: 2}, "its card says that its reserved blocks are nearly used up"},
		":::4":             {Wear{Errors: 4}, "the kernel counted 4 errors of its card while it was written last"},
		"0x20:0:9:0":       {Wear{Life: 32, PreEOL: 9}, ""}, // words of a later standard say nothing to us
	} {
		got, err := ParseWear(text)
		if err != nil || *got != c.want || got.Says() != c.says {
			t.Errorf("%s: %+v, %q, %v", text, got, got.Says(), err)
		}
	}
	for _, text := range []string{"", "1:2:3", "1:2:3:4:5", "x:1:1:0", "256:1:1:0", "1:1:1:-1"} {
		if w, err := ParseWear(text); err == nil {
			t.Errorf("%q is taken for %+v", text, w)
		}
	}
	if (*Wear)(nil).Says() != "" {
		t.Error("nothing says something")
	}
}
