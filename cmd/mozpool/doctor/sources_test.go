package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"

	"mozpool/actors/inventory"
)

// listed is a source that answers what it is told.
type listed struct {
	records []inventory.Record
	err     error
}

func (listed) Name() string  { return "lab" }
func (listed) Where() string { return "https://inventory.example" }
func (l listed) Fetch(context.Context) ([]inventory.Record, error) {
	return l.records, l.err
}

func TestAsk(t *testing.T) {
	t.Parallel()
	good := inventory.Record{Spec: inventory.Spec{ID: "netbox:1", Name: "b1"}}
	bad := inventory.Record{Spec: inventory.Spec{ID: "netbox:2", Name: "b2"}, Problems: []string{"mac: none of its interfaces has one", "rack: empty"}}
	for _, tc := range []struct {
		source listed
		level  Level
		text   string
		boards int
	}{
		{listed{records: []inventory.Record{good}}, Green, "lists 1 board", 1},
		{listed{records: []inventory.Record{bad, good, bad}}, Amber, "2 of 3 records cannot be used; the first is b2 (id netbox:2): mac: none", 1},
		{listed{}, Amber, "https://inventory.example lists no boards", 0},
		{listed{err: errors.New("403")}, Red, "403", 0},
	} {
		boards, found := Ask(t.Context(), []Source{tc.source})
		if len(boards) != tc.boards || len(found) != 1 || found[0].Level != tc.level || !strings.Contains(found[0].Text, tc.text) || (found[0].Remedy == "") != (tc.level == Green) {
			t.Errorf("%d boards, %+v", len(boards), found)
		}
	}
}
