package replica

import (
	"bytes"
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"mozpool/persistence"
	"mozpool/persistence/lease"
)

var update = flag.Bool("update", false, "write the stored writes anew: only for a kind that no server has ever sent")

// recorder keeps the writes that a journal would carry out.
type recorder []persistence.Op

// Write implements persistence.Store.
func (r *recorder) Write(_ context.Context, op persistence.Op) error { *r = append(*r, op); return nil }

// Read implements persistence.Store.
func (*recorder) Read(context.Context, func(persistence.KV) error) error { return nil }

// everyOp has one write of each kind, with all its fields.
func everyOp(t *testing.T) []persistence.Op {
	t.Helper()
	var r recorder
	j := persistence.NewCore(&r)
	must(t, j.Commit(t.Context(), persistence.Change{Board: "b1", Rack: "r1", Epoch: 3, PrevSeq: 4, Record: []byte("state"), Event: []byte("event"),
		Inputs: []byte("inputs"), Attempt: &persistence.Attempt{Number: 5, Summary: []byte("summary")}}))
	must(t, j.Commit(t.Context(), persistence.Change{Board: "b1", Record: []byte("state")}))
	must(t, j.Retire(t.Context(), "b1", 3, 4))
	must(t, j.PutDoc(t.Context(), persistence.Doc{Kind: "kind", Name: "name", Data: []byte("data")}))
	must(t, j.SwapDoc(t.Context(), persistence.Doc{Kind: "kind", Name: "name", Data: []byte("data")}, []byte("was")))
	must(t, j.SwapDoc(t.Context(), persistence.Doc{Kind: "kind", Name: "name", Data: []byte("data")}, nil))
	must(t, j.DeleteDoc(t.Context(), "kind", "name"))
	s := lease.Session{Server: "s1", Incarnation: 2, Number: 3}
	return append(r, persistence.Nothing(), lease.Renew{Session: s}, lease.Grant{Rack: "r1", Server: "s2", Incarnation: 4, Epoch: 5, From: s},
		lease.Release{Rack: "r1", Server: "s1", Incarnation: 2, Epoch: 5, To: "s2"},
		enlist{Server{Node: "s1", Address: "127.0.0.1:1", Instance: "i", Cluster: "lab", Format: 1}}, strike{"s1"})
}

// Versions N and N+1 are in one log for a while, and a log outlives its version: each kind of write is, byte by byte, what
// was stored once. A field more or less would stop the copies of the servers of the other version; a new letter is needed
// for it, which is sent once all servers know it.
func TestWritesOfOtherVersions(t *testing.T) {
	t.Parallel()
	const path = "testdata/ops.txt"
	kinds := Options{}.kinds()
	var now strings.Builder
	var letters []byte
	for _, op := range everyOp(t) {
		data, err := persistence.EncodeOp(op)
		must(t, err)
		fmt.Fprintf(&now, "%c %s\n", data[0], hex.EncodeToString(data[1:]))
		letters = append(letters, data[0])
	}
	if *update {
		must(t, os.WriteFile(path, []byte(now.String()), 0o644))
	}
	stored, err := os.ReadFile(path)
	must(t, err)
	if now.String() != string(stored) {
		t.Errorf("writes are encoded otherwise than in %s:\n%s", path, now.String())
	}
	for line := range strings.Lines(string(stored)) {
		letter, fields, _ := strings.Cut(strings.TrimSpace(line), " ")
		body, err := hex.DecodeString(fields)
		must(t, err)
		old := append([]byte(letter), body...)
		op, err := kinds.Decode(old)
		if err != nil {
			t.Errorf("a stored %s cannot be read: %v", letter, err)
			continue
		}
		again, err := persistence.EncodeOp(op)
		if err != nil || !bytes.Equal(again, old) {
			t.Errorf("a stored %s is % x when it is sent on, %v", letter, again, err)
		}
	}
	for letter := range kinds {
		if !slices.Contains(letters, letter) {
			t.Errorf("kind %q has no stored write", letter)
		}
	}
}
