package actors

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"

	"mozpool/actors/board"
)

// scraped is what a registry shows, by name and labels: a counter's or gauge's value, a histogram's count.
func scraped(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			key := f.GetName()
			for _, l := range m.GetLabel() { // sorted by name
				key += " " + l.GetValue()
			}
			out[key] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return out
}

// TestMetricsOfALife: one image that goes on, one board that rests for its relay, and one that never came.
func TestMetricsOfALife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		w := newWorld(t, 3, func(c *Config) { c.Metrics = NewMetrics(reg) })
		defer w.f.Stop()
		reg.MustRegister(w.f.Collector())
		for _, key := range []string{"mozpool_actors_attempts_total none r1 ready", "mozpool_actors_attempts_total card r1 failed_install",
			"mozpool_actors_transitions_total r1 failed_install", "mozpool_actors_card_bytes_total r1 written", "mozpool_actors_stage_seconds r1 writing", "mozpool_actors_attempt_boots r1", "mozpool_actors_relay_seconds r1 failed", "mozpool_actors_mailbox_age_seconds r1"} {
			if v, ok := scraped(t, reg)[key]; !ok || v != 0 {
				t.Errorf("before anything happened %s is %v (there: %t)", key, v, ok)
			}
		}
		w.wish("board1", board.WantImage, "v2")
		w.until("board1", board.Booting)
		if got := scraped(t, reg)["mozpool_actors_power_places_held r1"]; got != 1 {
			t.Errorf("%v places are held while a board boots", got)
		}
		w.install("board1")
		w.rail.stick(relayAt(1, 2), errors.New("read back on after off"))
		w.wish("board2", board.WantPowerOff, "")
		w.until("board2", board.FailedPower)
		got := scraped(t, reg)
		for key, want := range map[string]float64{
			"mozpool_actors_attempts_total none r1 ready":         1,
			"mozpool_actors_attempts_total relay r1 failed_power": 1,
			"mozpool_actors_transitions_total r1 writing":         1,
			"mozpool_actors_stage_seconds r1 writing":             1,
			"mozpool_actors_attempt_boots r1":                     2,
			"mozpool_actors_boards_current r1 ready":              1,
			"mozpool_actors_boards_current r1 failed_power":       1,
			"mozpool_actors_boards_current r1 new":                1,
			"mozpool_actors_boards_current r1 booting":            0,
			"mozpool_actors_power_places_limit r1":                16,
			"mozpool_actors_power_places_held r1":                 0,
			"mozpool_actors_relay_boards_current r1":              1,
			"mozpool_actors_relay_unreachable_current r1":         0,
		} {
			if v, ok := got[key]; !ok || v != want {
				t.Errorf("%s is %v (there: %t), not %v", key, v, ok, want)
			}
		}
		if got["mozpool_actors_relay_seconds ok r1"]+got["mozpool_actors_relay_seconds r1 ok"] == 0 || got["mozpool_actors_relay_seconds r1 failed"] == 0 {
			t.Errorf("exchanges are not timed: %v", got)
		}
		for _, resting := range []string{"new", "ready"} {
			if _, ok := got["mozpool_actors_stage_seconds r1 "+resting]; ok {
				t.Errorf("the time of the rest %s is taken for a stage's", resting)
			}
		}
	})
}
