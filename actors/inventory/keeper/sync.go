package keeper

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"mozpool/actors"
	"mozpool/actors/inventory"
	"mozpool/actors/inventory/plan"
)

// Sync asks all sources and does what follows. Its error says which sources
// failed; what the others brought is applied all the same.
func (k *Keeper) Sync(ctx context.Context) error {
	k.syncing.Lock()
	defer k.syncing.Unlock()
	k.setRunning(true)
	defer k.setRunning(false)
	known := k.Boards()
	records, fetched, failed := k.fetch(ctx, known)
	if ctx.Err() != nil {
		return ctx.Err() // the server stops, or nobody waits: that is no source's failure
	}
	settled := plan.Settle(known, records, k.cfg.Rules())
	p, err := plan.Make(known, settled.Boards)
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.skips, k.held = settled.Skips, settled.Held
	k.counts.syncs++
	if failed != nil {
		k.counts.failures++
	}
	k.mu.Unlock()
	for _, s := range settled.Skips {
		k.log.Warn("inventory record skipped", "board", s.Name, "id", s.ID, "source", s.Source, "reason", s.Reason)
	}
	if err := k.decide(ctx, p, settled, len(known), fetched); err != nil {
		return errors.Join(failed, err)
	}
	if failed == nil {
		failed = k.good(ctx)
	}
	return errors.Join(failed, k.forget(ctx))
}

func (k *Keeper) setRunning(running bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running = running
}

// decide applies a plan, or lets it wait for a person. What has to wait for a rest is decided on with it, once.
func (k *Keeper) decide(ctx context.Context, p plan.Plan, s plan.Settled, known, fetched int) error {
	why := plan.Guard(p, s, k.agreed(), known, fetched)
	whole := p.With(s)
	if why == "" {
		if err := k.agree(ctx, whole.Waits()); err != nil {
			return err
		}
		if err := k.wait(ctx, nil); err != nil {
			return err
		}
		return k.apply(ctx, p, "sync")
	}
	if err := k.agree(ctx, k.stillAgreed(whole)); err != nil {
		return err
	}
	k.log.Warn("inventory plan waits for approval", "plan", whole.ID, "why", why, "remedy", "mozpool inventory plan, then mozpool inventory apply "+whole.ID)
	return k.wait(ctx, &Pending{Plan: whole, At: k.cfg.Clock().UTC(), Why: why})
}

// fetch asks all sources at once. The boards of one that fails, or of one that
// the configuration still names and that lists nothing any more, are returned
// as if it had listed them. fetched counts the records that really came.
func (k *Keeper) fetch(ctx context.Context, known []inventory.Spec) (records []inventory.Record, fetched int, failed error) {
	type answer struct {
		records []inventory.Record
		err     error
	}
	answers := make([]answer, len(k.cfg.Sources))
	var all sync.WaitGroup
	for i, s := range k.cfg.Sources {
		all.Go(func() {
			answers[i].records, answers[i].err = s.Fetch(ctx)
		})
	}
	all.Wait()
	var errs []error
	for i, s := range k.cfg.Sources {
		mine := of(s.Name(), known)
		got, err := answers[i].records, answers[i].err
		if err == nil && len(got) == 0 && len(mine) > 0 {
			err = fmt.Errorf("inventory source %s: %s lists no boards, and there are %d; nothing is removed. To do without them, take the source out of the configuration", s.Name(), s.Where(), len(mine))
		}
		if ctx.Err() == nil {
			k.note(i, len(got), err)
		}
		if err != nil {
			errs = append(errs, err)
			got = mine
		} else {
			fetched += len(got)
		}
		records = append(records, got...)
	}
	return records, fetched, errors.Join(errs...)
}

// of are the known boards of a source, as records.
func of(source string, known []inventory.Spec) (mine []inventory.Record) {
	for _, s := range known {
		if s.Source == source {
			mine = append(mine, inventory.Record{Spec: s})
		}
	}
	return mine
}

// note keeps how a source fared.
func (k *Keeper) note(i, records int, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := &k.sources[i]
	s.At = k.cfg.Clock().UTC()
	if err != nil {
		s.Error = err.Error()
		return
	}
	s.Good, s.Records, s.Error = s.At, records, ""
}

// Approve applies the plan that waits, if it is this one.
func (k *Keeper) Approve(ctx context.Context, id, by string) (Entry, error) {
	k.syncing.Lock()
	defer k.syncing.Unlock()
	pending := k.Status().Pending
	if pending == nil || pending.ID != id {
		return Entry{}, notPending(id)
	}
	rules := k.cfg.Rules()
	for _, s := range pending.Remove {
		if rules.Hold == nil {
			break
		}
		if why := rules.Hold(s); why != "" {
			return Entry{}, &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("plan %s removes board %s, but %s", id, s.Name, why), Remedy: "wait, or unlock it; or plan anew: mozpool inventory sync"}
		}
	}
	agreed, waits := k.agreed(), pending.Waits()
	maps.Copy(agreed.Any, waits.Any)
	maps.Copy(agreed.Go, waits.Go)
	if err := k.agree(ctx, agreed); err != nil {
		return Entry{}, err
	}
	if err := k.apply(ctx, pending.Plan, by); err != nil {
		return Entry{}, err
	}
	return entryOf(pending.Plan, by, k.cfg.Clock().UTC()), k.wait(ctx, nil)
}

// apply stores what the plan says, then tells the fleet. A crash in either is
// made good by the next start, see DESIGN.md.
func (k *Keeper) apply(ctx context.Context, p plan.Plan, by string) error {
	k.mu.Lock()
	known, unsure := k.known, k.unsure
	k.mu.Unlock()
	if p.Empty() && !unsure {
		return nil
	}
	boards, err := p.Apply(known)
	if err != nil {
		return err
	}
	// Whoever asked may go away now: half a plan in the journal helps nobody.
	ctx = context.WithoutCancel(ctx)
	k.mu.Lock()
	k.unsure = true
	k.mu.Unlock()
	if err := k.store(ctx, doing{p, by, k.cfg.Clock().UTC()}); err != nil {
		return err
	}
	k.mu.Lock()
	k.known = boards
	k.mu.Unlock()
	if err := k.cfg.Apply(ctx, boards); err != nil {
		return fmt.Errorf("apply the inventory: %w", err)
	}
	k.mu.Lock()
	k.unsure = false
	k.counts.added += float64(len(p.Add))
	k.counts.changed += float64(len(p.Change))
	k.counts.removed += float64(len(p.Remove))
	k.mu.Unlock()
	if !p.Empty() {
		k.log.Info("inventory applied", "plan", p.ID, "by", by, "added", len(p.Add), "changed", len(p.Change), "removed", len(p.Remove))
	}
	return nil
}
