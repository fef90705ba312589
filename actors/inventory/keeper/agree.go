package keeper

import (
	"context"
	"maps"
	"slices"

	"mozpool/actors/inventory/plan"
)

// agreed are the boards whose change only waits for a rest any more.
func (k *Keeper) agreed() plan.Agreed {
	k.mu.Lock()
	defer k.mu.Unlock()
	return plan.Agreed{Any: setOf(k.state.Agreed), Go: setOf(k.state.Leaving)}
}

func setOf(ids []string) map[string]bool {
	all := make(map[string]bool, len(ids))
	for _, id := range ids {
		all[id] = true
	}
	return all
}

// agree keeps which changes only wait for a rest, and has those boards take no more wishes that are to go.
func (k *Keeper) agree(ctx context.Context, a plan.Agreed) error {
	k.mu.Lock()
	s := k.state
	k.mu.Unlock()
	ids, leaving := slices.Sorted(maps.Keys(a.Any)), slices.Sorted(maps.Keys(a.Go))
	if slices.Equal(s.Agreed, ids) && slices.Equal(s.Leaving, leaving) {
		return nil
	}
	s.Agreed, s.Leaving = ids, leaving
	if err := k.put(ctx, stateDocs, stateName, s); err != nil {
		return err
	}
	k.mu.Lock()
	k.state = s
	k.mu.Unlock()
	k.leave()
	return nil
}

// stillAgreed is what was agreed to and is wanted yet.
func (k *Keeper) stillAgreed(p plan.Plan) plan.Agreed {
	a := k.agreed()
	touched, goes := p.Touched()
	maps.DeleteFunc(a.Any, func(id string, _ bool) bool { return !touched[id] })
	maps.DeleteFunc(a.Go, func(id string, _ bool) bool { return !goes[id] })
	return a
}

// leave tells the fleet which boards are about to go.
func (k *Keeper) leave() {
	if k.cfg.Leave != nil {
		k.cfg.Leave(k.agreed().Go)
	}
}

// freed tells whether a board that has to stay as it is for now need not any more.
func (k *Keeper) freed() bool {
	k.mu.Lock()
	held, known := k.held, k.known
	k.mu.Unlock()
	if len(held) == 0 {
		return false
	}
	waits := plan.Plan{Later: held}.Waits().Any
	rules := k.cfg.Rules()
	for _, s := range known {
		if waits[s.ID] && rules.Free(s) {
			return true
		}
	}
	return false
}
