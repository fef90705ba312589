package boardsim

import (
	"context"
	"net/http"
	"slices"
)

// ask asks each server in turn until one knows this boot, the one that answered last first, as the library does.
func (l *liveRun) ask(ctx context.Context, path string) int {
	status := 0
	for i, base := range l.s.urls {
		status, _ = l.b.get(ctx, base+"/"+path)
		if status != 0 && status != http.StatusNotFound && status != http.StatusServiceUnavailable {
			l.s.urls = slices.Insert(slices.Delete(slices.Clone(l.s.urls), i, i+1), 0, base)
			return status
		}
	}
	return status
}

// elsewhere begins with another server after a transfer broke off.
func (l *liveRun) elsewhere() {
	l.s.urls = append(slices.Clone(l.s.urls[1:]), l.s.urls[0])
}
