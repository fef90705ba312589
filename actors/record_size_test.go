package actors

import (
	"math"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"mozpool/actors/board"
	"mozpool/persistence"
)

// The fullest record that a board can have fits into the journal: one that did not could never be stored again.
func TestFullestRecordFits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 120)
	name := strings.Repeat("n", 63)
	token := board.Token{0: 255, 15: 255}
	const at = int64(1) << 41
	b := board.Board{State: board.Troubleshooting, Since: at, Deadline: at, Visit: math.MaxUint32, Attempt: math.MaxUint32, Began: at,
		Want: board.WantMaintenance, By: long, Image: name, Rest: board.Troubleshooting, Boot: math.MaxUint32, Token: token, WaitingFor: board.ForPowerBudget,
		Next: board.Troubleshooting, Tries: map[board.State]uint8{}, Cycles: 16, Free: true, Power: board.PowerOn, Written: true, Done: true, Card: name,
		Evidence: board.Fact{Kind: board.InitStarted, At: at, Text: long, Boot: math.MaxUint32}, Blame: &board.Blame{Part: board.PartNetwork, Text: long},
		Lock: &board.Lock{Who: long, Why: long, Until: at}, Comment: long, Address: strings.Repeat("a", 39), OffAt: at, StillUp: true, Auto: true,
		Exchange: &board.Exchange{MAC: "52:54:00:01:00:0a", WasMAC: "52:54:00:01:00:0a", Power: strings.Repeat("p", board.MaxPower), WasPower: strings.Repeat("p", board.MaxPower)},
		Labels:   map[string]string{"a": strings.Repeat("l", 159)}}
	for range 16 {
		b.Past = append(b.Past, token)
		b.Wishes = append(b.Wishes, board.Answered{ID: [8]byte{255}, Attempt: math.MaxUint32})
	}
	for range 20 {
		b.Hour = append(b.Hour, 1<<31)
	}
	b.Own = []int64{1 << 31, 1 << 31}
	for _, s := range []board.State{board.Cutting, board.Powering, board.Booting, board.Live, board.Downloading, board.Writing} {
		b.Tries[s] = 6
	}
	if n := len(encode(&b)); n > persistence.MaxRecord {
		t.Errorf("%d bytes, and %d fit", n, persistence.MaxRecord)
	}
}

// A record that a newer version wrote is read, but for what this one does not know.
func TestRecordOfANewerVersion(t *testing.T) {
	t.Parallel()
	fields := map[any]any{}
	if err := cbor.Unmarshal(encode(board.Board{State: board.Ready, Visit: 7, Card: "v2"}), &fields); err != nil {
		t.Fatal(err)
	}
	fields[99] = map[string]any{"more": 1}
	data, err := cbor.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := decodeBoard(data); err != nil || b.State != board.Ready || b.Visit != 7 || b.Card != "v2" {
		t.Errorf("read %+v, %v", b, err)
	}
	fields[uint64(1)] = "hovering" // as it was decoded: an int would be another key
	if data, err = cbor.Marshal(fields); err != nil {
		t.Fatal(err)
	}
	if _, err := decodeBoard(data); err == nil || !strings.Contains(err.Error(), `state "hovering" is not known to this version`) {
		t.Errorf("a state of a newer version: %v", err)
	}
}
