package mozilla

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mozpool/actors/inventory"
)

// wild draws any JSON value, with the keys that a host's values have.
func wild(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Just[any](true), rapid.Float64Range(-9, 9e9).AsAny(), rapid.String().AsAny(),
		rapid.SampledFrom([]string{"02:00:00:00:00:01", "relay1:bank1:relay1", "p1.example.com"}).AsAny(),
	}
	if depth == 0 {
		return rapid.OneOf(leaves...)
	}
	keys := rapid.SampledFrom([]string{"value", "mac", "nic0", "nic1", "hw0", "hwadapter_set", relayKey, serverKey, macKey})
	return rapid.OneOf(append(leaves, rapid.SliceOfN(wild(depth-1), 0, 3).AsAny(), rapid.MapOfN(keys, wild(depth-1), 0, 4).AsAny())...)
}

// Whatever stands in whatever key of a host: it stays the host that it was, and either makes a board that can be used or says
// which field cannot.
func TestWildHosts(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Title: "moz", URL: "http://inventory.invalid", Filter: "panda"})
	if err != nil {
		t.Fatal(err)
	}
	const look = "/en-US/core/api/v1_core/"
	s.words = map[string]words{look + "systemstatus/1/": {Status: "production"}, look + "servermodel/2/": {Model: "panda"}}
	const fields = " name mac rack hardware power address place console labels status "
	rapid.Check(t, func(t *rapid.T) {
		o := map[string]any{"pk": 7, "system_status": 1, "server_model": 2, "keyvalue_set": map[string]any{
			relayKey: map[string]any{"value": "relay1:bank1:relay1"}, serverKey: map[string]any{"value": "p1"}, macKey: map[string]any{"value": "020000000001"}}}
		key := rapid.SampledFrom([]string{"keyvalue_set", "staticreg_set"}).Draw(t, "key")
		o[key] = wild(4).Draw(t, "value")
		data, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		r, is, err := s.host(t.Context(), "b7.example.com", data)
		if err != nil || !is || r.Spec.ID != "mozilla:7" {
			t.Fatalf("%s: %+v, %v, %v", data, r, is, err)
		}
		if wrong := inventory.Check(r.Spec, nil, nil); len(r.Problems) == 0 && len(wrong) > 0 {
			t.Fatalf("%s: %q", data, wrong)
		}
		for _, p := range r.Problems {
			field, _, _ := strings.Cut(p, ":")
			if !strings.Contains(fields, " "+field+" ") {
				t.Fatalf("%s: %q names no field", data, p)
			}
		}
	})
}
