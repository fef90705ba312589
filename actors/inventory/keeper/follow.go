package keeper

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"mozpool/actors/inventory"
	"mozpool/persistence"
)

const (
	// turns is how often a server of a cluster looks whether it is the one that syncs.
	turns = 500 * time.Millisecond
	// gathers is how long is waited after another server has stored something, before it is read: a plan is many documents.
	gathers = 200 * time.Millisecond
)

// errNotMine is the answer to writes of a server that does not sync any more.
var errNotMine = errors.New("another server keeps the inventory now")

// IsDoc tells whether documents of a kind are a Keeper's: where several servers share a journal, each that is stored is
// to be Heard.
func IsDoc(kind string) bool {
	return slices.Contains([]string{boardDocs, stateDocs, historyDocs, pendingDocs, doingDocs}, kind)
}

// Heard notes that the journal has something new of the inventory. It does not wait.
func (k *Keeper) Heard() {
	select {
	case k.news <- struct{}{}:
	default:
	}
}

// fenced is the journal of a server that writes as long as it is its turn.
type fenced struct {
	Journal
	turn func() bool
}

func (f fenced) PutDoc(ctx context.Context, d persistence.Doc) error {
	if !f.turn() {
		return errNotMine
	}
	return f.Journal.PutDoc(ctx, d)
}

func (f fenced) DeleteDoc(ctx context.Context, kind, name string) error {
	if !f.turn() {
		return errNotMine
	}
	return f.Journal.DeleteDoc(ctx, kind, name)
}

// share runs one of several servers: it syncs while it is its turn, and takes over what the others store.
func (k *Keeper) share(ctx context.Context) error {
	var follower sync.WaitGroup
	follower.Go(func() { k.follow(ctx) })
	defer follower.Wait()
	for ctx.Err() == nil {
		if k.cfg.Turn() {
			k.takeTurn(ctx)
		}
		pause(ctx, turns)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// takeTurn syncs until it is another server's turn.
func (k *Keeper) takeTurn(ctx context.Context) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var watch sync.WaitGroup
	watch.Go(func() {
		for ctx.Err() == nil && k.cfg.Turn() {
			pause(ctx, turns)
		}
		end()
	})
	defer watch.Wait()
	k.log.Info("this server keeps the inventory from now on")
	if err := k.reread(ctx, true); err != nil {
		k.log.Error("the inventory cannot be read; that is tried again", "error", err)
		end()
		return
	}
	_ = k.keep(ctx) // its end is an orderly one
	k.log.Info("another server keeps the inventory from now on")
}

// follow takes over what another server stores.
func (k *Keeper) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.news:
		}
		pause(ctx, gathers)
		if err := k.reread(ctx, false); err != nil && ctx.Err() == nil {
			k.log.Error("what another server stored of the inventory is not in effect here; that is tried again", "error", err)
			time.AfterFunc(time.Second, k.Heard)
		}
	}
}

// stored is what the journal has.
type stored struct {
	known   []inventory.Spec
	state   state
	pending *Pending
}

// reread takes over what the journal has, and tells the fleet of what is new. A plan that is half stored is finished if
// it is this server's turn; else its server, or the next whose turn it is, does that.
func (k *Keeper) reread(ctx context.Context, mine bool) error {
	k.syncing.Lock()
	defer k.syncing.Unlock()
	if mine {
		if err := k.finish(ctx); err != nil {
			return err
		}
	} else if docs, err := k.cfg.Journal.ListDocs(ctx, doingDocs, ""); err != nil || len(docs) > 0 {
		return err
	}
	s, err := k.read(ctx)
	if err != nil {
		return err
	}
	k.mu.Lock()
	changed := k.unsure || !slices.EqualFunc(k.known, s.known, inventory.Spec.Equal)
	k.known, k.state, k.pending, k.unsure = s.known, s.state, s.pending, changed
	k.mu.Unlock()
	k.leave()
	if !changed {
		return nil
	}
	if err := k.cfg.Apply(ctx, s.known); err != nil {
		return err
	}
	k.mu.Lock()
	k.unsure = false
	k.mu.Unlock()
	return nil
}
