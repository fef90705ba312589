package replica

import (
	"log/slog"
	"maps"

	"mozpool/persistence"
	"mozpool/persistence/lease"
)

// Options of a replica. The zero value of a field is its default.
type Options struct {
	// Logger hears of elections, of a full disk, and of a copy that stopped;
	// nil = silence.
	Logger *slog.Logger
	// Node names this server in the group and Cluster the group; "" = what
	// the folder holds, in an empty one a random node and no cluster.
	Node, Cluster string
	// LowWater is the free space, in bytes, below which new writes are
	// refused with ErrUnavailable; default 128 MiB. What is already in the
	// log is carried out down to MinFree, below which this server's copy
	// stops; default 64 MiB.
	LowWater, MinFree uint64
	// SnapshotBytes is how much log, in bytes, goes between two snapshots;
	// default 64 MiB. More makes joining and the folder slower and larger,
	// less copies the store more often.
	SnapshotBytes uint64
	// Network reaches the other servers; nil = this server is by itself.
	Network *Network
	// Kinds are further kinds of truth beside the journal's and the leases'.
	Kinds persistence.Kinds
	// Observe hears of every write once it is durable in this server's copy,
	// in order, with what was answered (nil or a refusal). It must not wait.
	Observe func(op persistence.Op, answer error)

	// Restored hears that a snapshot was put in place of the copy: what was in
	// it was not observed one by one. It must not wait. nil = nobody asks.
	Restored func()

	// Metrics count the writes of this server; nil = nobody does.
	Metrics *persistence.Metrics

	// Stall is a seam for tests: it is called before each write to the disk and
	// takes as long as that is to take longer; nil = none.
	Stall func()

	// fault is a seam for tests: an error is one of the disk, met while the
	// log is carried out.
	fault func() error

	writes *pending
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.LowWater == 0 {
		o.LowWater = 128 << 20
	}
	if o.MinFree == 0 {
		o.MinFree = 64 << 20
	}
	if o.Restored == nil {
		o.Restored = func() {}
	}
	if o.fault == nil {
		o.fault = func() error { return nil }
	}
	if o.Stall == nil {
		o.Stall = func() {}
	}
	if o.writes == nil {
		o.writes = &pending{}
	}
	if o.SnapshotBytes == 0 {
		o.SnapshotBytes = 64 << 20
	}
	return o
}

func (o Options) kinds() persistence.Kinds {
	all := persistence.JournalKinds()
	maps.Copy(all, lease.Kinds())
	maps.Copy(all, serverKinds())
	maps.Copy(all, o.Kinds)
	return all
}
