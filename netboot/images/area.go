package images

import (
	"fmt"
	"strconv"
	"strings"

	"mozpool/persistence/strictyaml"
)

// maxPart is the highest partition number that is understood: that of GPT.
const maxPart = 128

// Area is a part of a disk: partition Part, or, if that is 0, the bytes from
// Start up to but not including End. Written p1, or 0-4MiB.
type Area struct {
	Part  int
	Start strictyaml.Size
	End   strictyaml.Size
}

// ParseArea reads "p1" or "0-4MiB"; a unit at the end counts for a start that
// has none only if that is 0.
func ParseArea(text string) (Area, error) {
	if n, ok := parsePart(text); ok {
		return Area{Part: n}, nil
	}
	from, to, ok := strings.Cut(text, "-")
	var a Area
	if !ok || a.Start.UnmarshalText([]byte(strings.TrimSpace(from))) != nil || a.End.UnmarshalText([]byte(strings.TrimSpace(to))) != nil {
		return Area{}, &strictyaml.RemedyError{What: fmt.Sprintf("%q is no area of a disk", text), Remedy: "write p1 for a partition, or 0-4MiB for bytes"}
	}
	if a.End <= a.Start {
		return Area{}, &strictyaml.RemedyError{What: fmt.Sprintf("the area %s ends before it begins", text), Remedy: "write START-END, such as 0-4MiB"}
	}
	return a, nil
}

// parsePart reads p1 to p128.
func parsePart(text string) (int, bool) {
	digits, ok := strings.CutPrefix(text, "p")
	n, err := strconv.Atoi(digits)
	ok = ok && err == nil && n >= 1 && n <= maxPart && strconv.Itoa(n) == digits
	return n, ok
}

// String gives the form that ParseArea reads.
func (a Area) String() string {
	if a.Part > 0 {
		return "p" + strconv.Itoa(a.Part)
	}
	return a.Start.String() + "-" + a.End.String()
}

// MarshalText gives the form that UnmarshalText reads, in JSON as well.
func (a Area) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what ParseArea reads.
func (a *Area) UnmarshalText(text []byte) error {
	parsed, err := ParseArea(string(text))
	if err == nil {
		*a = parsed
	}
	return err
}
