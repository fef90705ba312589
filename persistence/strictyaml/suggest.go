package strictyaml

import (
	"fmt"
	"strings"
)

// unknownRemedy says which key was probably meant, or which there are.
func unknownRemedy(key string, known []string) string {
	if near := Nearest(key, known); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return "keys here: " + strings.Join(known, ", ")
}

// Nearest returns the candidate that a person most likely meant by word, or ""
// when none is near: at most a third of its letters, and never more than three,
// would have to change.
func Nearest(word string, candidates []string) string {
	best, distance := "", 4
	for _, c := range candidates {
		d := editDistance(strings.ToLower(word), strings.ToLower(c))
		if d < distance && d <= max(1, (len(c)+1)/3) && d < len(c) {
			best, distance = c, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions, replacements and swaps of
// neighbours between a and b. Words that differ much in length are told apart
// without the work.
func editDistance(a, b string) int {
	if len(a)-len(b) > 3 || len(b)-len(a) > 3 {
		return 4
	}
	before, prev := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(prev[j+1]+1, row[j]+1, prev[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, prev = prev, row
	}
	return prev[len(b)]
}
