package persistence

// Committed is the change that an op carries out, for those who follow a log; ok = it is one. Its slices must not be
// changed.
func Committed(op Op) (c Change, ok bool) {
	o, ok := op.(commitOp)
	return o.Change, ok
}
