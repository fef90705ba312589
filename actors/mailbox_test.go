package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/prometheus/client_golang/prometheus"

	"mozpool/actors/board"
)

// slow is an actor that works on each number for as many seconds, and panics over 0.
type slow struct{}

func (slow) Receive(ctx actor.Context) {
	n, ok := ctx.Message().(int)
	if ok && n == 0 {
		panic("told to")
	}
	time.Sleep(time.Duration(n) * time.Second)
}

// TestMailboxAge: the oldest message counts until it is handled, then the next; none is as old as nothing.
func TestMailboxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := actor.NewActorSystem()
		defer system.Shutdown()
		m := &mailbox{}
		pid := system.Root.Spawn(m.props(func() actor.Actor { return slow{} }))
		age := func(want time.Duration) {
			t.Helper()
			synctest.Wait()
			if got := m.age(); got != want {
				t.Errorf("the oldest message is %v old, not %v", got, want)
			}
		}
		age(0)
		system.Root.Send(pid, 5)
		time.Sleep(2 * time.Second)
		system.Root.Send(pid, 4)
		age(2 * time.Second)
		time.Sleep(4 * time.Second) // the first is handled since a second
		age(4 * time.Second)
		time.Sleep(4 * time.Second)
		age(0)
		system.Root.Send(pid, 0)
		time.Sleep(time.Minute) // nobody says that this one was handled
		age(0)
		system.Root.Send(pid, 3)
		time.Sleep(time.Second)
		age(time.Second)
		time.Sleep(time.Minute)
	})
}

// TestMailboxesAreWatched: those of a rack's boards and of its relay boards.
func TestMailboxesAreWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		w := newWorld(t, 1, func(c *Config) { c.Metrics = NewMetrics(reg) })
		defer w.f.Stop()
		reg.MustRegister(w.f.Collector())
		w.wish("board1", board.WantImage, "v2")
		w.until("board1", board.Booting)
		boxes := []*mailbox{&w.f.roster.id("board1").box}
		w.f.mu.Lock()
		for _, st := range w.f.views {
			boxes = append(boxes, st.box)
		}
		w.f.mu.Unlock()
		if len(boxes) != 2 {
			t.Fatalf("%d mailboxes", len(boxes))
		}
		for _, box := range boxes {
			synctest.Wait()
			box.MessagePosted(nil) // as if its actor were stuck with it
			time.Sleep(7 * time.Second)
			if got := scraped(t, reg)["mozpool_actors_mailbox_age_seconds r1"]; got != 7 {
				t.Errorf("the oldest message is %v s old, not 7", got)
			}
			box.MailboxEmpty()
		}
	})
}
