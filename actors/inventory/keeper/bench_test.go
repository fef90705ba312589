package keeper

import (
	"testing"

	"mozpool/actors/inventory"
)

// fleetSize is far beyond any site that we know of: the original fleet had 880 boards.
const fleetSize = 100_000

// large makes a keeper that has synced fleetSize boards.
func large(tb testing.TB) *Keeper {
	tb.Helper()
	var fleet []inventory.Spec
	k, err := Open(tb.Context(), quiet(newMemory(), &fleet, &list{name: "a", specs: boards("a", 0, fleetSize)}))
	if err != nil {
		tb.Fatal(err)
	}
	if err := k.Sync(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	if len(fleet) != fleetSize {
		tb.Fatalf("%d boards", len(fleet))
	}
	return k
}

// A sync in which nothing changed, which is what nearly all are: at most 2 s of CPU.
func BenchmarkSyncWithoutChanges(b *testing.B) {
	k := large(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := k.Sync(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
