package hostile

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// point is a value at a time since the start.
type point struct {
	at    time.Duration
	value float64
}

// growth watches one number of the server. What swings, as memory does between two collections, is taken at its lowest
// in each of the run's buckets.
type growth struct {
	name   string
	unit   float64 // of the report
	slack  float64 // by how much it may have grown at the end, beyond noise
	bucket time.Duration
	points []point
}

// add takes a value; at does not go back.
func (g *growth) add(at time.Duration, value float64) {
	if n := len(g.points); n > 0 && g.points[n-1].at/g.bucket == at/g.bucket {
		g.points[n-1].value = math.Min(g.points[n-1].value, value)
		return
	}
	g.points = append(g.points, point{at, value})
}

// settled are the points after the first third: until then caches fill, and every board has its first attempt.
func (g *growth) settled() []point { return g.points[len(g.points)/3:] }

// grown is by how much the fitted line rose over the settled part.
func (g *growth) grown() float64 {
	p := g.settled()
	if len(p) < 2 {
		return 0
	}
	return slope(p) * (p[len(p)-1].at - p[0].at).Hours()
}

// String reports the number's course.
func (g *growth) String() string {
	p := g.settled()
	if len(p) < 2 {
		return g.name + ": too few points"
	}
	return fmt.Sprintf("%-12s from %8.1f to %8.1f, slope %+9.2f an hour, grown by %+8.2f, %.0f allowed", g.name, p[0].value/g.unit, p[len(p)-1].value/g.unit,
		slope(p)/g.unit, g.grown()/g.unit, g.slack/g.unit)
}

// slope is that of the line of least squares, per hour.
func slope(points []point) float64 {
	var at, value float64
	for _, p := range points {
		at += p.at.Hours()
		value += p.value
	}
	n := float64(len(points))
	at, value = at/n, value/n
	var above, below float64
	for _, p := range points {
		above += (p.at.Hours() - at) * (p.value - value)
		below += (p.at.Hours() - at) * (p.at.Hours() - at)
	}
	if below == 0 {
		return 0
	}
	return above / below
}

func TestGrowth(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		value func(minute int) float64
		want  float64 // an hour
	}{
		"still":  {func(int) float64 { return 7 }, 0},
		"leak":   {func(m int) float64 { return 100 + float64(m) }, 60},
		"shrink": {func(m int) float64 { return 100 - float64(m)/2 }, -30},
		"sets in": {func(m int) float64 { // caches that fill at the start are no leak
			return math.Min(float64(m), 10)
		}, 0},
	} {
		g := &growth{name: name, unit: 1, bucket: time.Minute}
		for m := range 60 {
			for second := range 6 { // swings, from the lowest upwards
				g.add(time.Duration(m)*time.Minute+time.Duration(second)*10*time.Second, tc.value(m)+float64(second)*50)
			}
		}
		if got := slope(g.settled()); math.Abs(got-tc.want) > 1e-6 {
			t.Errorf("%s: slope %g, not %g", name, got, tc.want)
		}
		if len(g.points) != 60 || math.Abs(g.grown()-tc.want*39/60) > 1e-6 {
			t.Errorf("%s: %d points, grown by %g", name, len(g.points), g.grown())
		}
	}
}
