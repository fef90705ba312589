package demo

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestParseFault(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Fault{
		"relay=1@10s+20s": {Relay: 1, At: 10 * time.Second, For: 20 * time.Second}, "relay=1@0s+1.5s": {Relay: 1, For: 1500 * time.Millisecond},
		"crossed=board2,board3": {Crossed: [2]int{2, 3}},
	} {
		if got, err := ParseFault(text); err != nil || got != want || got.validate(14) != nil {
			t.Errorf("%s: %+v, %v, %v", text, got, err, got.validate(14))
		}
	}
	for _, text := range []string{"", "relay=1", "relay=x@1s+1s", "relay=1@1+1s", "relay=1@1s+1x", "relay=0@1s+1s", "relay=2@1s+1s", "relay=1@1s+0s", "relay=1@1s+99h",
		"crossed=board2", "crossed=board2,board2", "crossed=board0,board1", "crossed=board1,board15", "crossed=a,b"} {
		f, err := ParseFault(text)
		if err == nil {
			err = f.validate(14)
		}
		if err == nil || !strings.Contains(err.Error(), "--fault") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestRelayFault: a relay board that goes away is one incident, fails nobody, and heals by itself.
func TestRelayFault(t *testing.T) {
	inOwnFolder(t)
	out := &output{}
	result, err := Run(t.Context(), Options{Boards: 4, Speed: 60, Seed: 1, Once: true, Out: out, Faults: []Fault{{Relay: 1, At: 10 * time.Second, For: time.Minute}}})
	if err != nil || result.Ready != 4 || result.Incidents != 1 || result.OpenIncidents != 0 || result.Attempts < 4 {
		t.Errorf("%+v, %v", result, err)
	}
	if text := strings.Join(out.lines(), "\n"); !strings.Contains(text, "gives no sign of life") || !strings.Contains(text, "is over") {
		t.Errorf("%s", text)
	}
}

// TestCrossedFault: crossed boards come up together, and are found as soon as one of them is switched alone.
func TestCrossedFault(t *testing.T) {
	inOwnFolder(t)
	out := &output{}
	result, err := Run(t.Context(), Options{Boards: 4, Speed: 60, Seed: 1, Once: true, Out: out, Faults: []Fault{{Crossed: [2]int{2, 3}}}})
	if !errors.Is(err, ErrNotReady) || result.Ready != 3 || result.Failed != 1 || result.OpenIncidents != 1 {
		t.Errorf("%+v, %v", result, err)
	}
	if text := strings.Join(out.lines(), "\n"); !strings.Contains(text, "the relay of board2 switches board3 instead") {
		t.Errorf("%s", text)
	}
}
