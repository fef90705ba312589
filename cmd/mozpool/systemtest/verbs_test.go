package systemtest

import (
	"strings"

	v1 "mozpool/httpapi/v1"
)

func logText(lines []v1.Line) string {
	var all strings.Builder
	for _, l := range lines {
		all.WriteString(l.Source + ": " + l.Text + "\n")
	}
	return all.String()
}
