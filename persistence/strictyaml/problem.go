package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a file. Line and Column count from 1; 0 means that only the
// file is known.
type Pos struct {
	File   string
	Line   int
	Column int
}

// String gives file:line:column, as editors understand it, or less where less
// is known.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is one mistake in a file.
type Problem struct {
	Pos
	Path   string // of the key, such as racks.r1.listen; empty: the whole file
	What   string // what is wrong
	Remedy string // what to do about it; may be empty
}

// Error gives "file:line:column: path.to.key: what is wrong; remedy".
func (p Problem) Error() string {
	var b strings.Builder
	if where := p.Pos.String(); where != "" {
		b.WriteString(where + ": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.What)
	if p.Remedy != "" {
		b.WriteString("; " + p.Remedy)
	}
	return b.String()
}

// Problems is all that is wrong with one or several files. It is an error when
// it is not empty: hand it on with Err.
type Problems []Problem

// Error gives one line a problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Err returns the problems as an error, nil when there are none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// Add appends problems.
func (ps *Problems) Add(more ...Problem) {
	*ps = append(*ps, more...)
}

// Sort orders the problems by file, line and column, so that a person mends
// them from top to bottom; those of one place keep their order.
func (ps Problems) Sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
