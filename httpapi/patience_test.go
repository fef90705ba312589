package httpapi

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPatience(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limit time.Duration
		do    func(p *patience, stop context.CancelFunc)
		want  error
	}{
		"it goes on":          {time.Minute, func(*patience, context.CancelFunc) {}, nil},
		"it runs out":         {time.Second, func(*patience, context.CancelFunc) { time.Sleep(2 * time.Second) }, context.DeadlineExceeded},
		"the server stops":    {time.Minute, func(_ *patience, stop context.CancelFunc) { stop() }, context.Canceled},
		"the request is over": {time.Minute, func(p *patience, _ context.CancelFunc) { p.end() }, context.Canceled},
		"somebody looked, and it is over": {time.Minute, func(p *patience, _ context.CancelFunc) {
			<-time.After(time.Millisecond)
			_ = p.Err()
			p.end()
		}, context.Canceled},
	} {
		synctest.Test(t, func(t *testing.T) {
			server, stop := context.WithCancel(t.Context())
			defer stop()
			p := &patience{server: server, until: time.Now().Add(c.limit)}
			defer p.end()
			c.do(p, stop)
			child, cancel := context.WithCancel(p)
			defer cancel()
			synctest.Wait()
			if !errors.Is(p.Err(), c.want) || !errors.Is(child.Err(), c.want) {
				t.Errorf("%s: %v, and of a child %v", name, p.Err(), child.Err())
			}
			if until, ok := p.Deadline(); !ok || until != p.until {
				t.Errorf("%s: until %v", name, until)
			}
			select {
			case <-child.Done():
				if c.want == nil {
					t.Errorf("%s: done", name)
				}
			default:
				if c.want != nil {
					t.Errorf("%s: not done", name)
				}
			}
		})
	}
}
