package house

import (
	"encoding/json"
	"slices"
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
		if _, missing, err := c.houses["img2"].MomentsOfAll(t.Context(), "board1", 1); err != nil || !slices.Contains(missing, "img1") {
			t.Errorf("%q are said to be missing, %v", missing, err)
		}
	})
}

// The details of many attempts come from all servers, in questions of a bound size; one that does not answer is named, and
// is waited for once.
func TestDetailsOfAllServers(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		began := time.Now()
		for i, server := range []string{"img1", "img2"} {
			line, err := json.Marshal(actors.Moment{At: began.Add(time.Duration(i) * time.Second), What: actors.MomentMove, Visit: uint64(i + 1)})
			if err != nil {
				t.Fatal(err)
			}
			kept, _ := c.houses[server].cfg.Fleet.Trails.(*trails)
			kept.lines["board1"] = [][]byte{line}
		}
		of := make([]actors.AttemptOf, 2*detailsAtOnce+1)
		for i := range of {
			of[i] = actors.AttemptOf{Board: "board1", Attempt: uint32(i + 1)}
		}
		ask := func(want int) []string {
			all, missing, err := c.houses["img2"].DetailsOfAll(t.Context(), append(of, actors.AttemptOf{Board: "board2", Attempt: 1}))
			if err != nil || len(all) != len(of) {
				t.Fatalf("%d attempts, %v", len(all), err)
			}
			for i, d := range all {
				if d.AttemptOf != of[i] || len(d.Moments) != want || want == 2 && d.Moments[0].Visit != 1 {
					t.Fatalf("%d: %+v", i, d)
				}
			}
			return missing
		}
		if missing := ask(2); slices.Contains(missing, "img1") {
			t.Errorf("all answer, but %q are said to be missing", missing)
		}
		c.mu.Lock()
		c.cut["img1"] = true
		c.mu.Unlock()
		if missing := ask(1); !slices.Contains(missing, "img1") || len(slices.Compact(missing)) != len(missing) {
			t.Errorf("%q are said to be missing", missing)
		}
	})
}
