package httpapi

import (
	"slices"
	"strconv"
	"strings"
)

// severities are those of RFC 5424, the worst first.
var severities = []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

// readSeverity reads the least severity wanted, by name or number, as the number that is below all of them; 0: any.
func readSeverity(text string) (below int, err error) {
	if text == "" {
		return 0, nil
	}
	if i := slices.Index(severities, strings.ToLower(text)); i >= 0 {
		return i + 1, nil
	}
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n < len(severities) {
		return n + 1, nil
	}
	return 0, bad("use "+strings.Join(severities, ", ")+" or 0 to 7", "%q is no severity", text)
}
