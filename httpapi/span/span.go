// Package span reads how long something lasts, or how long ago it was: 90s, 10m, 2h, 7d.
//
// It decides which forms there are and what is too long; both the server and the command line ask it, so that the same
// form means the same everywhere. It refuses what is no length of time, and says what to write instead; whether none at
// all, or a negative one, makes sense is for its caller to say.
package span

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// MostDays is the longest span that Parse takes, a hundred years: what is longer is a slip, or stands for "always".
const MostDays = 36500

// Error says what is wrong with a span, and what to write instead.
type Error struct {
	Text, Remedy string
	Long         bool // it is a span, but too long
}

// Error implements error.
func (e *Error) Error() string { return e.Text + "; " + e.Remedy }

var number = regexp.MustCompile(`[0-9]+`)

// Parse reads a span; days are told alone. Its error is an *Error.
func Parse(text string) (time.Duration, error) { return UpTo(text, MostDays) }

// UpTo is Parse for a caller that takes no more than so many days.
func UpTo(text string, days int) (time.Duration, error) {
	d, err := parse(text)
	if err != nil {
		if _, short := parse(number.ReplaceAllString(text, "1")); short != nil {
			return 0, &Error{Text: fmt.Sprintf("%q is no length of time", text), Remedy: "write such as 10m, 2h or 7d"}
		}
	}
	if err != nil || d.Abs() > time.Duration(days)*24*time.Hour {
		return 0, &Error{Text: text + " is too long", Remedy: fmt.Sprintf("at most %dd, or %dh, is taken", days, days*24), Long: true}
	}
	return d, nil
}

func parse(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}
