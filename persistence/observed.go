package persistence

// Committed is the change that an op carries out, for those who follow a log; ok = it is one. Its slices must not be
// changed.
func Committed(op Op) (c Change, ok bool) {
	o, ok := op.(commitOp)
	return o.Change, ok
}

// Wrote is the kind of the document that an op stores or removes, for those who follow a log; empty: it does neither.
func Wrote(op Op) (kind string) {
	switch o := op.(type) {
	case putDocOp:
		return o.Kind
	case swapDocOp:
		return o.Kind
	case deleteDocOp:
		return o.Kind
	}
	return ""
}
