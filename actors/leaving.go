package actors

// SetLeaving says which boards, by id, are about to go: they finish what they are at, and take no wishes.
func (f *Fleet) SetLeaving(ids map[string]bool) { f.leaving.Store(&ids) }

// staying refuses a wish for a board that is about to go.
func (f *Fleet) staying(v *View) error {
	ids := f.leaving.Load()
	if ids == nil || !(*ids)[v.Spec.ID] {
		return nil
	}
	return problem(Refused, "put it back into "+v.Spec.Source+" to keep it",
		"board %s: the inventory lists it no more; it is removed as soon as it rests", v.Spec.Name)
}
