package several

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	v1 "mozpool/httpapi/v1"
)

// lookEvery is how often what is shown is looked at.
const lookEvery = 200 * time.Millisecond

// Run images every board of a new cluster, and returns when all rest (once) or ctx ends. What happens is told on out, a
// line each.
func Run(ctx context.Context, o Options, once bool, out io.Writer) (t Tally, err error) {
	c, err := New(ctx, o)
	if err != nil {
		return t, fmt.Errorf("demo: %w", err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	w := &watcher{c: c, out: out, states: make(map[string]string), holders: make(map[string]string), gone: make(map[string]bool)}
	w.hello()
	if err := c.WaitHeld(ctx); err != nil {
		return t, err
	}
	wished := make(chan error, 1)
	go func() { wished <- c.WishAll(ctx) }()
	all, err := w.watch(ctx, wished, once)
	if err != nil {
		return t, err
	}
	return c.Tally(context.WithoutCancel(ctx), all)
}

// watcher tells what changes.
type watcher struct {
	c       *Cluster
	out     io.Writer
	states  map[string]string // by board
	holders map[string]string // by rack
	gone    map[string]bool   // servers
	hinted  bool
}

func (w *watcher) say(format string, a ...any) { _, _ = fmt.Fprintf(w.out, format+"\n", a...) } // nobody is left to tell

// hello says where everything is, the first server's API first.
func (w *watcher) hello() {
	w.say("api %s", w.c.Servers[0].API)
	for _, p := range w.c.Servers {
		w.say("server %s: process %d, api %s, log %s", p.Name, p.PID(), p.API, p.path)
	}
	w.say("kill one and watch: kill -9 %d", w.c.Servers[0].PID())
	w.say("")
}

// watch tells what changes until ctx ends or, with once, every board rests. wished is how asking for images went.
func (w *watcher) watch(ctx context.Context, wished <-chan error, once bool) (all []v1.Board, err error) {
	asked := false
	for {
		w.servers()
		if now, err := w.c.Boards(ctx); err == nil {
			all = now
			w.boards(all)
		}
		if asked && AtRest(all) {
			if once {
				return all, nil
			}
			w.hint()
		}
		select {
		case err := <-wished:
			if err != nil {
				return all, ignore(ctx, err)
			}
			asked, wished = true, nil
		case <-ctx.Done():
			return all, nil
		case <-time.After(lookEvery):
		}
	}
}

// ignore drops the error of what was broken off on request.
func ignore(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// servers tells of processes that are gone, and of racks that changed hands.
func (w *watcher) servers() {
	for _, p := range w.c.Servers {
		if gone := !p.Running(); gone != w.gone[p.Name] {
			w.gone[p.Name] = gone
			w.say("server %s is gone; again: %s", p.Name, strings.Join(p.args, " "))
		}
	}
	for _, r := range w.c.Racks {
		if p := w.c.Holder(r.Name); p != nil && p.Name != w.holders[r.Name] {
			w.holders[r.Name] = p.Name
			w.say("rack %s is held by %s", r.Name, p.Name)
		}
	}
}

func (w *watcher) boards(all []v1.Board) {
	for _, b := range all {
		state := string(b.State)
		if w.states[b.Name] == state {
			continue
		}
		w.states[b.Name] = state
		blame := ""
		if b.State.Failed() && b.Blame != nil {
			blame = b.Blame.Text
		}
		w.say("%s", strings.TrimRight(fmt.Sprintf("%-9s %-4s %-16s %s", b.Name, b.Rack, state, blame), " "))
	}
}

// hint says once what can be tried.
func (w *watcher) hint() {
	if w.hinted {
		return
	}
	w.hinted = true
	w.say("\nEvery board rests. The servers go on until you interrupt this; try in another terminal:\n  export MOZPOOL_SERVER=%s", w.c.Servers[len(w.c.Servers)-1].API)
	for _, command := range []string{"cluster members", "cluster racks", "board list", "board image board1 --image " + Image + " --wait", "cluster drain img1"} {
		w.say("  %s %s", w.c.o.Program, command)
	}
}
