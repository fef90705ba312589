package member

import (
	"slices"
	"testing"
)

func TestUnfitLast(t *testing.T) {
	t.Parallel()
	unfit := map[string]map[string]string{"s1": {"r1": "eth1 is down"}, "s3": {everything: "the disk is stuck"}}
	for rack, want := range map[string][]string{"r1": {"s2", "s1", "s3"}, "r2": {"s1", "s2", "s3"}} {
		if got := unfitLast(rack, []string{"s3", "s1", "s2"}, unfit); !slices.Equal(got[:1], want[:1]) || len(got) != 3 {
			t.Errorf("%s: %q", rack, got)
		}
		if got := unfitLast(rack, []string{"s1", "s2", "s3"}, unfit); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", rack, got, want)
		}
	}
	if got := troubles(map[string]string{"r2": "b", everything: "a", "r1": "c"}); !slices.Equal(got, []string{"a", "rack r1: c", "rack r2: b"}) {
		t.Errorf("%q", got)
	}
}
