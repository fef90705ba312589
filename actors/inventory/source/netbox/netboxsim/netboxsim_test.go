package netboxsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mozpool/actors/inventory"
)

// get asks the NetBox, and fails unless it answers with the status.
func get(t *testing.T, n *NetBox, path, auth string, status int) map[string]any {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if auth != "" {
		r.Header.Set("Authorization", auth)
	}
	w := httptest.NewRecorder()
	n.ServeHTTP(w, r)
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != status {
		t.Fatalf("%s: %d %s, %v", path, w.Code, w.Body, err)
	}
	return got
}

func TestPaging(t *testing.T) {
	t.Parallel()
	n := New(Options{MaxPage: 60})
	for i := range 130 {
		n.devices = append(n.devices, Device{ID: i + 1, Name: fmt.Sprintf("b%03d", 200-i), Role: Role, Status: "active"})
	}
	for _, tc := range []struct {
		query       string
		results     int
		next, prior string // parts of the links; empty: none
	}{
		{"", defaultPage, "limit=50&offset=50", ""}, // without a limit
		{"limit=0", 60, "offset=60", ""},            // 0 is the most
		{"limit=1000&offset=60", 60, "offset=120", "offset=0"},
		{"limit=60&offset=120", 10, "", "offset=60"},
		{"limit=60&offset=999", 0, "", "offset=939"}, // behind the end
		{"limit=x&offset=-3", defaultPage, "offset=50", ""},
	} {
		got := get(t, n, "/api/dcim/devices/?"+tc.query, "", http.StatusOK)
		if results := got["results"].([]any); got["count"] != 130.0 || len(results) != tc.results {
			t.Errorf("%s: %d results of %v", tc.query, len(results), got["count"])
		}
		for link, want := range map[string]string{"next": tc.next, "previous": tc.prior} {
			if text, _ := got[link].(string); (text == "") != (want == "") || !strings.Contains(text, want) {
				t.Errorf("%s: %s is %v", tc.query, link, got[link])
			}
		}
	}
	first := get(t, n, "/api/dcim/devices/?ordering=id&limit=1&fields=id,name", "", http.StatusOK)["results"].([]any)[0].(map[string]any)
	if len(first) != 2 || first["id"] != 1.0 || first["name"] != "b200" {
		t.Errorf("sorted by id, two fields: %v", first)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	n := New(Options{Token: "nbt_a.b"})
	n.Set(Device{ID: 1, Name: "b1", Role: Role, Status: "active"})
	get(t, n, "/api/dcim/devices/", "", http.StatusForbidden)
	get(t, n, "/api/dcim/devices/", "Bearer nbt_c.d", http.StatusForbidden)
	get(t, n, "/api/dcim/none/", "Bearer nbt_a.b", http.StatusNotFound)
	if bad := get(t, n, "/api/dcim/devices/?role=none", "Bearer nbt_a.b", http.StatusBadRequest); bad["role"] == nil {
		t.Error(bad)
	}
	if all := get(t, n, "/api/dcim/devices/?roel=none", "Bearer nbt_a.b", http.StatusOK); all["count"] != 1.0 {
		t.Error("a filter that it does not know is not ignored")
	}
}

func TestFromSpec(t *testing.T) {
	t.Parallel()
	d := FromSpec(inventory.Spec{ID: "17", Name: "b17", MAC: "52:54:00:00:00:11", Rack: "r1", Power: "manual", Labels: map[string]string{"pool": "ci"}})
	if d.ID != 17 || d.Interfaces[0].MAC != "52:54:00:00:00:11" || d.Custom["mozpool_rack"] != "r1" || len(d.Tags) != 1 || d.Tags[0] != "pool:ci" || d.Address != "" {
		t.Errorf("%+v", d)
	}
}
