package live

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Area is a part of a disk that no script writes to, as it holds the board's
// loader: either a partition or a range of bytes.
type Area struct {
	Partition int   // number of a partition, from 1; 0: the range below
	From, To  int64 // bytes from the start of the disk, To exclusive
}

// String is the area as the board's library reads it: pN, or FROM-TO in bytes.
func (a Area) String() string {
	if a.Partition > 0 {
		return "p" + strconv.Itoa(a.Partition)
	}
	return fmt.Sprintf("%d-%d", a.From, a.To)
}

// ParseArea reads an entry of a hardware type's keep list: "p1", or a range
// such as "0-4MiB" or "512-1MiB" with B (the default), KiB, MiB or GiB.
func ParseArea(text string) (Area, error) {
	if number, ok := strings.CutPrefix(text, "p"); ok {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > 128 {
			return Area{}, fmt.Errorf("area %q: a partition is p1 to p128", text)
		}
		return Area{Partition: n}, nil
	}
	from, to, ok := strings.Cut(text, "-")
	if !ok {
		return Area{}, fmt.Errorf("area %q: neither a partition (p1) nor a range (0-4MiB)", text)
	}
	start, err := parseBytes(from)
	if err != nil {
		return Area{}, fmt.Errorf("area %q: start: %w", text, err)
	}
	end, err := parseBytes(to)
	if err != nil {
		return Area{}, fmt.Errorf("area %q: end: %w", text, err)
	}
	if end <= start {
		return Area{}, fmt.Errorf("area %q: ends before it begins", text)
	}
	return Area{From: start, To: end}, nil
}

// parseBytes reads a number with an optional binary unit.
func parseBytes(text string) (int64, error) {
	text = strings.TrimSpace(text)
	shift := 0
	for unit, s := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			text, shift = number, s
			break
		}
	}
	text = strings.TrimSpace(strings.TrimSuffix(text, "B"))
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("%q is no number of bytes (such as 4MiB, 512KiB, 4096)", text)
	}
	return n << shift, nil
}

// keepList renders a keep list for the library.
func keepList(keep []string) (string, error) {
	areas := make([]string, 0, len(keep))
	for _, text := range keep {
		area, err := ParseArea(text)
		if err != nil {
			return "", err
		}
		areas = append(areas, area.String())
	}
	return strings.Join(areas, " "), nil
}
