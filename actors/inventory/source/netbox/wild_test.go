package netbox

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/source/netbox/netboxsim"
)

// wild draws any JSON value, with the keys that a device's values have.
func wild(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Just[any](true), rapid.Float64Range(-9, 9e9).AsAny(), rapid.String().AsAny(),
		rapid.SampledFrom([]string{"r1", "panda", "10.0.0.2:bank1:relay1", "10.0.0.9/8", "pool:ci"}).AsAny(),
	}
	if depth == 0 {
		return rapid.OneOf(leaves...)
	}
	keys := rapid.SampledFrom([]string{"id", "name", "slug", "address", "device_bay", "mozpool_rack", "mozpool_power", "mozpool_console"})
	return rapid.OneOf(append(leaves, rapid.SliceOfN(wild(depth-1), 0, 3).AsAny(), rapid.MapOfN(keys, wild(depth-1), 0, 4).AsAny())...)
}

// Whatever stands in whatever key of a device: it stays the device that it was, and either makes a board that can be used or
// says which field cannot, in words that name a field of boards.
func TestWildDevices(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Title: "lab", URL: "http://netbox.invalid", Filter: "role=board"})
	if err != nil {
		t.Fatal(err)
	}
	const fields = " name mac rack hardware power address place console labels "
	rapid.Check(t, func(t *rapid.T) {
		o := map[string]any{
			"id": 7, "name": "b7", "site": map[string]any{"name": "Lab", "slug": "lab"}, "rack": nil, "position": 3.0, "parent_device": nil,
			"device_type": map[string]any{"slug": "panda"}, "primary_ip": nil, "tags": []any{},
			"custom_fields": map[string]any{"mozpool_rack": "r1", "mozpool_power": "manual", "mozpool_console": nil},
		}
		for _, key := range rapid.SliceOfN(rapid.SampledFrom([]string{"name", "site", "rack", "position", "parent_device", "device_type", "primary_ip", "tags", "custom_fields"}), 1, 3).Draw(t, "keys") {
			o[key] = wild(2).Draw(t, key)
		}
		data, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.device(data)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		s.choose(d, []port{{"eth0", "52:54:00:00:00:01"}})
		r := d.record.Record("lab", d.board, nil)
		if r.Spec.ID != "netbox:7" {
			t.Fatalf("%s: id %s", data, r.Spec.ID)
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

// The pretended NetBox gives a device with every key that is asked for: a source that reads another one is noticed.
func TestEveryOriginIsThere(t *testing.T) {
	t.Parallel()
	for origin := range Origins {
		b := newBench(t, netboxsim.Options{})
		b.Set(board(1))
		b.config.Fields = map[string]string{"console": origin}
		records, err := b.fetch(t)
		if err != nil || len(records) != 1 {
			t.Fatalf("%s: %v", origin, err)
		}
		for _, p := range records[0].Problems {
			if !strings.HasPrefix(p, "console: the console is no address") && !strings.HasPrefix(p, "console: \"") {
				t.Errorf("%s: %s", origin, p)
			}
		}
	}
}
