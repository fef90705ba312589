package actors

import (
	"fmt"
	"testing"
	"time"
)

// TestBudgetAdapts: a network that loses boots gets fewer at once, at most a quarter fewer in a while, never below two,
// and back to all once boards come up.
func TestBudgetAdapts(t *testing.T) {
	t.Parallel()
	var admitted []string
	p := newPlaces(16, func(id string) { admitted = append(admitted, id) })
	now := time.Unix(1000, 0)
	limits := func(n int, every time.Duration) string {
		for range n {
			p.lost(now, time.Minute)
			now = now.Add(every)
		}
		places, _, _ := p.load()
		return fmt.Sprint(places)
	}
	if got := limits(14, time.Second); got != "12" {
		t.Errorf("a chassis lost at once leaves %s places", got)
	}
	now = now.Add(time.Minute)
	if got := limits(50, 2*time.Minute); got != "2" {
		t.Errorf("a network that is gone leaves %s places", got)
	}
	for i := range 4 {
		p.settle(fmt.Sprint(i), false, true, int64(i))
	}
	if len(admitted) != 2 {
		t.Errorf("%v let in", admitted)
	}
	for range 3 {
		p.came()
	}
	if len(admitted) != 3 {
		t.Errorf("%v let in after three boards came up", admitted)
	}
	for range 300 {
		p.came()
	}
	if places, held, queued := p.load(); places != 16 || held != 4 || queued != 0 {
		t.Errorf("%d places, %d held, %d queue", places, held, queued)
	}
	one := newPlaces(1, func(string) {})
	one.lost(now, time.Minute)
	if places, _, _ := one.load(); places != 1 {
		t.Errorf("one place became %d", places)
	}
}
