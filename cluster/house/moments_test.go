package house

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/persistence/trail"
)

// trails are the details of attempts that one server keeps.
type trails struct {
	mu    sync.Mutex
	lines map[string][][]byte
}

func (*trails) Append(trail.Line) {}

func (*trails) End(string, uint32) {}

func (t *trails) Read(board string, attempt uint32) ([][]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lines[board], nil
}

// An attempt that had two servers is told whole by each of them; one that does not answer is left out.
func TestMomentsOfAllServers(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		began := time.Now()
		for i, server := range []string{"img1", "img2"} {
			var lines [][]byte
			for k := range 2 {
				line, err := json.Marshal(actors.Moment{At: began.Add(time.Duration(2*k+i) * time.Second), What: actors.MomentMove, Text: server})
				if err != nil {
					t.Fatal(err)
				}
				lines = append(lines, line)
			}
			kept, _ := c.houses[server].cfg.Fleet.Trails.(*trails)
			kept.lines["board1"] = lines
		}
		read := func(server string) string {
			all, err := c.houses[server].Moments(t.Context(), "board1", 1)
			if err != nil {
				t.Error(err)
			}
			var texts []string
			for _, m := range all {
				texts = append(texts, m.Text)
			}
			return strings.Join(texts, " ")
		}
		for _, server := range []string{"img1", "img2"} {
			if got := read(server); got != "img1 img2 img1 img2" {
				t.Errorf("%s tells %q", server, got)
			}
		}
		c.mu.Lock()
		c.cut["img1"] = true
		c.mu.Unlock()
		if got := read("img2"); got != "img2 img2" {
			t.Errorf("without the other: %q", got)
		}
	})
}
