package mozillasim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"mozpool/actors/inventory/source/fleetsim"
)

func get(t *testing.T, i *Inventory, path, password string, status int) map[string]any {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.SetBasicAuth("me", password)
	w := httptest.NewRecorder()
	i.ServeHTTP(w, r)
	got := make(map[string]any)
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
	}
	if w.Code != status {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return got
}

// What the export points to is found where it points.
func TestExport(t *testing.T) {
	t.Parallel()
	i := New(Options{User: "me", Password: "word", Addresses: true})
	h := FromSpec(fleetsim.Board(1, 0, 0))
	other := h
	other.PK, other.Name = 5, "switch.example.com"
	i.Set(h, other)
	get(t, i, "/en-US/bulk_action/export/?q=panda", "wrong", http.StatusUnauthorized)
	systems := get(t, i, "/en-US/bulk_action/export/?q=panda", "word", http.StatusOK)["systems"].(map[string]any)
	system, _ := systems[h.Name].(map[string]any)
	if len(systems) != 1 || system["pk"] != 1001.0 {
		t.Fatal(systems)
	}
	if got := get(t, i, system["system_status"].(string), "word", http.StatusOK); got["status"] != "production" {
		t.Error(got)
	}
	if got := get(t, i, system["server_model"].(string), "word", http.StatusOK); got["vendor"] != Vendor || got["model"] != fleetsim.Hardware {
		t.Error(got)
	}
	get(t, i, "/en-US/core/api/v1_core/servermodel/99/", "word", http.StatusNotFound)
	if i.Lookups() != 3 {
		t.Errorf("%d look-ups", i.Lookups())
	}
}
