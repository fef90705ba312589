package relayproto

import (
	"testing"
	"time"
)

func TestLatencyIsTheMedianOfGoodAnswers(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	for name, c := range map[string]struct {
		steps []Step
		want  time.Duration
	}{
		"none":          {nil, 0},
		"failed only":   {[]Step{{Took: ms(1), Error: "no"}}, 0},
		"one":           {[]Step{{Took: ms(4)}}, ms(4)},
		"middle":        {[]Step{{Took: ms(9)}, {Took: ms(1)}, {Took: ms(3)}}, ms(3)},
		"not the fault": {[]Step{{Took: ms(2)}, {Took: ms(2000), Error: "no"}}, ms(2)},
	} {
		e := Exchange{Steps: c.steps}
		if got := e.Latency(); got != c.want {
			t.Errorf("%s: %v; want %v", name, got, c.want)
		}
		if len(c.steps) == 3 && e.Steps[0].Took != ms(9) {
			t.Errorf("%s: the record was put into another order", name)
		}
	}
}
