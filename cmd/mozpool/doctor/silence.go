package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mozpool/httpapi/client"
)

const (
	asked = "loader at " // how the line of a board's log begins when its loader asks for an entry
	shown = 8            // boards named in one sentence
)

// silence looks for boards whose loader has not asked for long: from the outside they look well until they are needed.
func silence(ctx context.Context, s *Site) []Finding {
	const check = "silent"
	if len(s.Boards) == 0 {
		return nil
	}
	if s.Server == nil {
		return []Finding{amber(check, "", "no server runs, so nobody knows which loaders ask", "start it: mozpool serve")}
	}
	since := s.Now().Add(-s.Silent)
	quiet := map[string][]string{}
	count := map[string]int{}
	for _, b := range s.Boards {
		lines, err := s.Server.Log(ctx, b.Name, client.LogQuery{Since: since.UTC().Format(time.RFC3339), Text: asked, Tail: 1})
		if err != nil {
			return []Finding{amber(check, b.Name, "its log cannot be read: "+err.Error(), "reload the server if the board is new, or give --token")}
		}
		if count[b.Rack]++; len(lines) == 0 {
			quiet[b.Rack] = append(quiet[b.Rack], b.Name)
		}
	}
	var out []Finding
	for _, rack := range racksOf(s) {
		if count[rack] > 0 {
			out = append(out, judgeSilence(rack, count[rack], quiet[rack], s.Silent))
		}
	}
	return out
}

func judgeSilence(rack string, all int, quiet []string, limit time.Duration) Finding {
	const check = "silent"
	days := fmt.Sprintf("%.3g days", limit.Hours()/24)
	if len(quiet) == 0 {
		return green(check, rack, "every loader asked within "+days)
	}
	text := fmt.Sprintf("%d of %d loaders have not asked for %s: %s", len(quiet), all, days, strings.Join(quiet[:min(len(quiet), shown)], ", "))
	if len(quiet) > shown {
		text += " and others"
	}
	return amber(check, rack, text, "start one anew and watch it: mozpool board power-cycle "+quiet[0]+"; mozpool loader script says what loaders must be told")
}
