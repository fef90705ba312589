package house

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"mozpool/cluster/ask"
)

// askAll asks all other servers the same at the same time, and hands each answer to take, one after the other. missing
// are those that did not answer in time or could not, sorted.
func (h *House) askAll(ctx context.Context, servers []string, within time.Duration, subject string, asked any, take func(r *reply)) (missing []string) {
	body, err := json.Marshal(asked)
	if err != nil {
		return slices.Sorted(slices.Values(servers)) // a plain struct always encodes
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, server := range servers {
		all.Go(func() {
			var r reply
			err := h.cfg.Peers.Ask(ctx, server, ask.Question{Subject: subject, Body: body}, &r)
			if err == nil {
				err = r.err()
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				h.log.Debug("cluster: what a server knows is left out", "server", server, "about", subject, "error", err)
				missing = append(missing, server)
				return
			}
			take(&r)
		})
	}
	all.Wait()
	slices.Sort(missing)
	return missing
}
