package actors

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
)

// TestHealth: a ready board that stops answering is reported, or given a power cycle twice a day where its rack asks.
func TestHealth(t *testing.T) {
	for _, recover := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var ill atomic.Bool
			w := newWorld(t, 1, func(c *Config) {
				c.Planner = plans{Check{Kind: board.VerifyTCP, Port: 22}}
				c.Racks["r1"] = RackRules{HealthEvery: 10 * time.Minute, Recover: recover}
				c.Probe = func(context.Context, netip.Addr, Check) error {
					if ill.Load() {
						return errors.New("connection refused")
					}
					return nil
				}
			})
			defer w.f.Stop()
			w.wish("board1", board.WantImage, "v2")
			w.install("board1")
			time.Sleep(12 * time.Minute) // virtual
			if h := w.f.ByName("board1").Health; !h.OK || h.At.IsZero() {
				t.Fatalf("a well board was found %+v", h)
			}
			ill.Store(true)
			time.Sleep(12 * time.Minute) // virtual
			v := w.f.ByName("board1")
			if recover {
				if v.Board.Attempt != 2 || v.Board.By != "health check" {
					t.Errorf("not recovered: %+v", v.Board)
				}
				return
			}
			if v.Board.State != board.Ready || v.Board.Attempt != 1 || v.Health.OK {
				t.Errorf("reported %+v in %s", v.Health, v.Board.State)
			}
			why, err := w.f.Why("board1")
			if err != nil || !strings.Contains(why.Text, "connection refused") {
				t.Errorf("why says %q, %v", why.Text, err)
			}
		})
	}
}

// TestUnchecked: a board whose proof cannot be repeated is shown as unchecked, not as well.
func TestUnchecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(c *Config) { c.Racks["r1"] = RackRules{HealthEvery: time.Minute} })
		defer w.f.Stop()
		w.wish("board1", board.WantImage, "v2")
		w.install("board1")
		time.Sleep(time.Hour) // virtual
		if why, err := w.f.Why("board1"); err != nil || !strings.Contains(why.Text, "not checked") {
			t.Errorf("why says %q, %v", why.Text, err)
		}
	})
}
