package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	v1 "mozpool/httpapi/v1"
)

// slowly is a server whose sync is on its way for so many answers, the first of which is that to POST.
func slowly(t *testing.T, answers int64, end v1.Inventory) *Client {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := asked.Add(1)
		if (r.Method == http.MethodPost) != (n == 1) {
			t.Errorf("question %d is a %s: a sync is asked for once", n, r.Method)
		}
		w.Header().Set("Content-Type", "application/json")
		out := v1.Inventory{Running: true}
		if n > answers {
			out = end
		}
		if n == 1 && answers > 0 {
			w.WriteHeader(http.StatusAccepted)
		}
		_ = json.NewEncoder(w).Encode(out) // the client tells
	}))
	t.Cleanup(server.Close)
	c, err := New(server.URL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

func TestSyncThatTakesLongIsFollowed(t *testing.T) {
	t.Parallel()
	down := v1.Inventory{Boards: 7, Sources: []v1.InventorySource{{Name: "a"}, {Name: "b", Error: "source b is away"}}}
	for name, tc := range map[string]struct {
		answers int64
		end     v1.Inventory
		want    string // in the error
	}{
		"at once":             {0, v1.Inventory{Boards: 7}, ""},
		"followed":            {3, v1.Inventory{Boards: 7}, ""},
		"a source has failed": {1, down, "source b is away"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := slowly(t, tc.answers, tc.end).SyncInventory(t.Context())
			var p *Problem
			if got.Boards != 7 || got.Running || (err != nil) != (tc.want != "") || err != nil && (!errors.As(err, &p) || !strings.Contains(p.Detail, tc.want)) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestFollowingEndsWithWhoFollows(t *testing.T) {
	t.Parallel()
	c := slowly(t, 1<<60, v1.Inventory{})
	ctx, stop := context.WithTimeout(t.Context(), 3*followed)
	defer stop()
	if _, err := c.SyncInventory(ctx); !errors.Is(err, context.DeadlineExceeded) && !strings.Contains(err.Error(), "deadline") {
		t.Error(err)
	}
}
