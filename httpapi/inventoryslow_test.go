package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/inventory/keeper"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
)

// slow is an inventory whose sync is not over when the answer is due.
type slow struct {
	apitest.Inventory
	running bool
}

func (s slow) Status() keeper.Status { return keeper.Status{Running: s.running} }

func (slow) Ask(ctx context.Context) error {
	<-ctx.Done()
	return &actors.Problem{Kind: actors.Unavailable, Text: "not over yet"}
}

// A slow sync is no failure: it is followed. One that nobody carries out is.
func TestSlowSync(t *testing.T) {
	t.Parallel()
	for running, status := range map[bool]int{true: http.StatusAccepted, false: http.StatusServiceUnavailable} {
		s := start(t, Config{Fleet: fleet(), Inventory: slow{running: running}, AskLimit: 10 * time.Millisecond})
		res, err := http.Post("http://"+s.Addr()+v1.Prefix+"/inventory/sync", "application/json", nil)
		if err != nil {
			t.Fatal(err)
		}
		var got v1.Inventory
		if res.StatusCode != status || json.NewDecoder(res.Body).Decode(&got) != nil || got.Running != running {
			t.Errorf("running %v: %s, %+v", running, res.Status, got)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}
