package tftp

import (
	"testing"
	"time"
)

func TestAgree(t *testing.T) {
	t.Parallel()
	const size = 1000
	for _, c := range []struct {
		name    string
		options []option
		block   int
		window  int
		timeout time.Duration
		answer  string
	}{
		{"none", nil, 512, 1, 0, ""},
		{"all", []option{{"tsize", "0"}, {"blksize", "1400"}, {"windowsize", "16"}, {"timeout", "5"}}, 1400, 16, 5 * time.Second,
			"tsize\x001000\x00blksize\x001400\x00windowsize\x0016\x00timeout\x005\x00"},
		{"spelling", []option{{"BlkSize", "1400"}}, 1400, 1, 0, "BlkSize\x001400\x00"},
		{"more than the path carries", []option{{"blksize", "65464"}}, 1468, 1, 0, "blksize\x001468\x00"},
		{"more than RFC 2348 knows", []option{{"blksize", "70000"}}, 1468, 1, 0, "blksize\x001468\x00"},
		{"least", []option{{"blksize", "8"}}, 8, 1, 0, "blksize\x008\x00"},
		{"too small", []option{{"blksize", "7"}}, 512, 1, 0, ""},
		{"nonsense", []option{{"blksize", "many"}, {"windowsize", "0"}, {"timeout", "256"}, {"timeout", "0"}, {"tsize", "-1"}, {"", ""}}, 512, 1, 0, ""},
		{"unknown", []option{{"multicast", ""}, {"blksize2", "2048"}, {"windowsize", "2"}}, 512, 2, 0, "windowsize\x002\x00"},
		{"window of ours", []option{{"windowsize", "65535"}}, 512, 64, 0, "windowsize\x0064\x00"},
		{"window of large blocks", []option{{"windowsize", "100"}, {"blksize", "1468"}}, 1468, 64, 0, "windowsize\x0064\x00blksize\x001468\x00"},
		{"twice", []option{{"blksize", "600"}, {"BLKSIZE", "700"}}, 600, 1, 0, "blksize\x00600\x00"},
	} {
		got := agree(c.options, size, 64, func() int { return 1468 })
		want := ""
		if c.answer != "" {
			want = "\x00\x06" + c.answer
		}
		if got.block != c.block || got.window != c.window || got.timeout != c.timeout || string(got.answer) != want {
			t.Errorf("%s: %+v, answer %q", c.name, got, got.answer)
		}
	}
	if got := agree([]option{{"windowsize", "64"}, {"blksize", "65464"}}, size, 64, func() int { return largestBlock }); got.window != 1 {
		t.Errorf("%d blocks of %d in a window: more than receive buffers hold", got.window, got.block)
	}
}
