package apitest

import (
	"net/netip"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/actors/inventory"
)

// Now is the time of all samples.
var Now = time.Date(2026, 11, 23, 8, 40, 0, 0, time.UTC)

// Board is a board in a state that nothing else is known of.
func Board(name string, s board.State) actors.View {
	return actors.View{
		Spec:  inventory.Spec{ID: name, Name: name, MAC: "52:54:00:01:00:01", Rack: "r1", Hardware: "qemu-arm64", Power: "manual"},
		Board: board.Board{State: s, Since: Now.Add(-3 * time.Minute).UnixMilli(), Visit: 1},
	}
}

// Busy is a board of which everything is known.
func Busy(name string) actors.View {
	v := Board(name, board.Downloading)
	v.Spec.ID, v.Spec.Place, v.Spec.Power = "17", "chassis 1 slot 3", "10.91.0.2:2101:bank1:relay1"
	v.Spec.Labels = map[string]string{"pool": "ci"}
	v.Spec.Source = "boards.yaml"
	v.Health = actors.Health{At: Now.Add(-time.Minute), Text: "no answer from 10.91.0.101"}
	v.AsOf = Now.Add(-30 * time.Second)
	listed := v.Spec
	listed.MAC = "52:54:00:01:00:99"
	v.Listed = &listed
	v.Address = netip.MustParseAddr("10.91.0.101")
	b := &v.Board
	b.Deadline, b.Visit, b.Attempt, b.Boot = Now.Add(7*time.Minute).UnixMilli(), 42, 7, 9
	b.Want, b.Image, b.Card, b.Power, b.Comment = board.WantImage, "v2", "v1", board.PowerOn, "slow <card>"
	b.Evidence = board.Fact{Kind: board.Downloads, At: Now.Add(-3 * time.Minute).UnixMilli(), Text: "disk"}
	b.Blame = &board.Blame{Part: board.PartNetwork, Text: "fell silent after kernel"}
	b.Lock = &board.Lock{Who: "ann", Why: "new card", Until: Now.Add(2 * time.Hour).UnixMilli()}
	v.Progress = actors.Progress{Artifact: "disk", Done: 40 << 20, Total: 100 << 20, At: Now.Add(-time.Second)}
	return v
}
