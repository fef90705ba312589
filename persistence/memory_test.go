package persistence

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := NewMemory()
		j.SetFaults(Faults{
			Before: func(context.Context) error { time.Sleep(time.Minute); return nil }, // the bubble's clock
			After:  func(context.Context) error { return ErrUnknown },
		})
		start := time.Now()
		if err := j.Commit(t.Context(), change("b1", 1, 0)); !errors.Is(err, ErrUnknown) || time.Since(start) != time.Minute {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
		j.SetFaults(Faults{Before: func(context.Context) error { return ErrUnavailable }})
		if err := j.Commit(t.Context(), change("b1", 1, 1)); !errors.Is(err, ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		j.SetFaults(Faults{})
		must(t, j.Commit(t.Context(), change("b1", 1, 0))) // was stored
		if got := load(t, j, ""); got[0].Seq != 1 {
			t.Errorf("got %+v", got)
		}
	})
}
