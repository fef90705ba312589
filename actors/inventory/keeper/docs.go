package keeper

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/plan"
	"mozpool/persistence"
)

// The kinds of documents. A board is one document, so that a change of one
// board in 100,000 writes little; large plans are cut into parts.
const (
	boardDocs   = "inventory-board"
	stateDocs   = "inventory"
	historyDocs = "inventory-history"
	pendingDocs = "inventory-plan"
	doingDocs   = "inventory-doing"
)

const (
	stateName   = "state"
	keptHistory = 200  // entries
	namesKept   = 1000 // of each kind in an entry: enough to see what it was
	writers     = 32   // documents on their way at once; the journal commits them together
)

// state is what is kept of the last syncs.
type state struct {
	Good    time.Time `json:"good,omitzero"`
	Agreed  []string  `json:"agreed,omitempty"`  // ids of boards whose change waits for a rest, and for nobody's approval any more
	Leaving []string  `json:"leaving,omitempty"` // of those, which are to go
}

// Entry is one plan that was applied.
type Entry struct {
	At      time.Time `json:"at"`
	Plan    string    `json:"plan"`
	By      string    `json:"by"` // who approved it; sync: nobody had to
	Added   []string  `json:"added"`
	Changed []string  `json:"changed"`
	Removed []string  `json:"removed"`
}

func entryOf(p plan.Plan, by string, at time.Time) Entry {
	e := Entry{At: at, Plan: p.ID, By: by, Added: names(p.Add), Removed: names(p.Remove), Changed: []string{}}
	for _, c := range p.Change[:min(len(p.Change), namesKept)] {
		e.Changed = append(e.Changed, c.To.Name)
	}
	return e
}

func names(specs []inventory.Spec) []string {
	all := []string{}
	for _, s := range specs[:min(len(specs), namesKept)] {
		all = append(all, s.Name)
	}
	return all
}

// docName is the name of a board's document: ids are any text, names of documents are not.
func docName(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}

// read reads what was stored.
func (k *Keeper) read(ctx context.Context) (s stored, err error) {
	docs, err := k.cfg.Journal.ListDocs(ctx, boardDocs, "")
	if err != nil {
		return s, err
	}
	for _, d := range docs {
		var b inventory.Spec
		if err := json.Unmarshal(d.Data, &b); err != nil {
			return s, fmt.Errorf("document %s/%s: %w", d.Kind, d.Name, err)
		}
		s.known = append(s.known, b)
	}
	slices.SortFunc(s.known, func(a, b inventory.Spec) int { return strings.Compare(a.ID, b.ID) })
	d, err := k.cfg.Journal.GetDoc(ctx, stateDocs, stateName)
	if err == nil {
		err = json.Unmarshal(d.Data, &s.state)
	}
	if err != nil && !errors.Is(err, persistence.ErrNotFound) {
		return s, err
	}
	var p Pending
	whole, err := k.getParts(ctx, pendingDocs, &p)
	if whole {
		s.pending = &p
	}
	return s, err
}

// doing is a plan that is being stored. Its entry of the history has one name, however often it is written.
type doing struct {
	Plan plan.Plan `json:"plan"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// finish writes the rest of a plan that a crash left half written. It was
// approved, or needed no approval, as a whole: its rest alone must not meet the
// guard again.
func (k *Keeper) finish(ctx context.Context) error {
	var d doing
	whole, err := k.getParts(ctx, doingDocs, &d)
	if err != nil || !whole {
		return err
	}
	k.log.Info("finishing an inventory plan that was left half done", "plan", d.Plan.ID)
	return k.store(ctx, d)
}

// store writes what a plan changes, and its entry of the history: the plan itself first, so that finish can.
func (k *Keeper) store(ctx context.Context, d doing) error {
	if err := k.putParts(ctx, doingDocs, d); err != nil {
		return fmt.Errorf("store the inventory: %w", err)
	}
	if err := k.write(ctx, d); err != nil {
		return fmt.Errorf("store the inventory: %w", err)
	}
	if !d.Plan.Empty() {
		if err := k.remember(ctx, entryOf(d.Plan, d.By, d.At)); err != nil {
			return fmt.Errorf("store the inventory's history: %w", err)
		}
	}
	return k.deleteParts(ctx, doingDocs)
}

func (k *Keeper) write(ctx context.Context, d doing) error {
	p := d.Plan
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	for _, s := range p.Remove {
		g.Go(func() error {
			if err := k.noteGone(ctx, s, d.At); err != nil {
				return err
			}
			return k.cfg.Journal.DeleteDoc(ctx, boardDocs, docName(s.ID))
		})
	}
	put := func(s inventory.Spec) { g.Go(func() error { return k.put(ctx, boardDocs, docName(s.ID), s) }) }
	for _, c := range p.Change {
		put(c.To)
	}
	for _, s := range p.Add {
		put(s)
	}
	return g.Wait()
}

func (k *Keeper) put(ctx context.Context, kind, name string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return k.cfg.Journal.PutDoc(ctx, persistence.Doc{Kind: kind, Name: name, Data: data})
}

// good keeps the time of a sync in which every source answered.
func (k *Keeper) good(ctx context.Context) error {
	k.mu.Lock()
	k.state.Good = k.cfg.Clock().UTC()
	s := k.state
	k.mu.Unlock()
	return k.put(ctx, stateDocs, stateName, s)
}

// wait replaces the plan that waits for a person; nil: none does any more.
func (k *Keeper) wait(ctx context.Context, p *Pending) error {
	k.mu.Lock()
	old := k.pending
	k.mu.Unlock()
	if p == nil && old == nil || p != nil && old != nil && p.ID == old.ID {
		return nil // one that waits keeps its time
	}
	var err error
	if p == nil {
		err = k.deleteParts(ctx, pendingDocs)
	} else {
		err = k.putParts(ctx, pendingDocs, p)
	}
	if err != nil {
		return fmt.Errorf("keep the plan that waits for approval: %w", err)
	}
	k.mu.Lock()
	k.pending = p
	k.mu.Unlock()
	return nil
}

// remember adds an entry to the history, which keeps the last ones.
func (k *Keeper) remember(ctx context.Context, e Entry) error {
	if err := k.put(ctx, historyDocs, fmt.Sprintf("%020d-%s", e.At.UnixNano(), e.Plan), e); err != nil {
		return err
	}
	docs, err := k.cfg.Journal.ListDocs(ctx, historyDocs, "")
	if err != nil {
		return err
	}
	for _, d := range docs[:max(0, len(docs)-keptHistory)] {
		if err := k.cfg.Journal.DeleteDoc(ctx, historyDocs, d.Name); err != nil {
			return err
		}
	}
	return nil
}

// History are the plans that were applied, the latest first.
func (k *Keeper) History(ctx context.Context) ([]Entry, error) {
	docs, err := k.cfg.Journal.ListDocs(ctx, historyDocs, "")
	if err != nil {
		return nil, fmt.Errorf("read the inventory's history: %w", err)
	}
	all := make([]Entry, 0, len(docs))
	for _, d := range slices.Backward(docs) {
		var e Entry
		if err := json.Unmarshal(d.Data, &e); err != nil {
			return nil, fmt.Errorf("document %s/%s: %w", d.Kind, d.Name, err)
		}
		all = append(all, e)
	}
	return all, nil
}
