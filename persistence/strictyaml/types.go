package strictyaml

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time, written 150ms, 30s, 10m, 24h or 1h30m, and
// shown back in that form. Negative ones are refused.
type Duration time.Duration

// Std returns it as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String gives the short form: 10m, not 10m0s.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalText gives the form that UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a duration with its unit; only 0 may stand without one.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return &RemedyError{fmt.Sprintf("%q is no duration", text), "write a number and a unit: 150ms, 30s, 10m, 24h"}
	}
	if v < 0 {
		return &RemedyError{fmt.Sprintf("the duration %s is negative", text), "write it without the minus"}
	}
	*d = Duration(v)
	return nil
}

// Size is a number of bytes, written 512, 64KiB, 4MiB or 2GiB, and shown back
// in the largest unit that gives a whole number.
type Size int64

var units = []struct {
	suffix string
	bytes  int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// String gives the short form: 64MiB.
func (s Size) String() string {
	for _, u := range units[:4] {
		if s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalText gives the form that UnmarshalText reads.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a whole number of bytes with an optional binary unit.
// Units like MB are refused: half of the world means 1000 by them.
func (s *Size) UnmarshalText(text []byte) error {
	digits, unit := string(text), int64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(digits, u.suffix); ok {
			digits, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return &RemedyError{fmt.Sprintf("%q is no size", text), "write a whole number and a unit: 512, 64KiB, 4MiB, 2GiB"}
	}
	if unit > 1 && int64(n) > (1<<63-1)/unit {
		return &RemedyError{fmt.Sprintf("the size %s is too large", text), "no disk has that"}
	}
	*s = Size(int64(n) * unit)
	return nil
}
