package cluster

import (
	"errors"
	"fmt"
	"sync"

	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
)

// contested puts one hardware type at all servers at the same moment, each with other content: as a new one, then each as
// the next revision of that. Each time one is taken and the others are told; all servers show the one that was taken.
func (w *world) contested() {
	w.t.Helper()
	const name = "contested"
	for round, cond := 0, (client.Condition{New: true}); round < 3; round++ {
		taken := w.race(name, round, cond)
		w.until("all servers to show what was taken", func() bool {
			for _, p := range w.Servers {
				if h, err := p.Client().HardwareType(w.ctx, name); err != nil || h.Revision != taken.Revision || h.Append != taken.Append {
					return false
				}
			}
			return true
		})
		cond = client.Condition{Revision: taken.Revision}
	}
	w.until("the type to be let go", func() bool { return w.Servers[1].Client().RemoveHardware(w.ctx, name) == nil })
}

// race has all servers asked at once, and gives what was taken.
func (w *world) race(name string, round int, cond client.Condition) (taken v1.Hardware) {
	w.t.Helper()
	answers, errs := make([]v1.Hardware, len(w.Servers)), make([]error, len(w.Servers))
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i, p := range w.Servers {
		all.Go(func() {
			<-begin
			entry := v1.HardwareEntry{Live: "live/simulated", Disk: "/dev/sim0", Append: fmt.Sprintf("round=%d from=%s", round, p.Name)}
			answers[i], errs[i] = p.Client().PutHardware(w.ctx, name, entry, cond)
		})
	}
	close(begin)
	all.Wait()
	won := 0
	for i, err := range errs {
		var problem *client.Problem
		switch {
		case err == nil:
			won++
			taken = answers[i]
		case !errors.As(err, &problem) || problem.Kind != v1.KindMismatch:
			w.t.Errorf("round %d at %s: %v", round, w.Servers[i].Name, err)
		}
	}
	if won != 1 {
		w.t.Fatalf("round %d: %d of the puts were taken", round, won)
	}
	return taken
}
