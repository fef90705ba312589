package several

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"mozpool/actors/board"
	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/boardsim"
)

const wishesAtOnce = 8

// WishAll asks for the image on every board, of each at another server than the one before. A wish whose server dies
// is asked of the next, by the same id: it images once.
func (c *Cluster) WishAll(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(wishesAtOnce)
	for _, r := range c.Racks {
		for i := range r.size {
			n := r.first + i
			g.Go(func() error { return c.Wish(ctx, boardsim.NameOf(n), n) })
		}
	}
	return g.Wait()
}

// Wish asks for the image on one board, at server from, or the next that takes it, until ctx ends.
func (c *Cluster) Wish(ctx context.Context, name string, from int) error {
	w := v1.ImageWish{Image: Image}
	id := fmt.Sprintf("demo-%s-%d", name, time.Now().UnixNano())
	for try := from; ; try++ {
		p := c.Servers[try%len(c.Servers)]
		err := errors.New("it is not running")
		if p.Running() {
			short, cancel := context.WithTimeout(ctx, wishLimit)
			_, err = p.Client().ImageOnce(short, name, w, id)
			cancel()
		}
		var refused *client.Problem
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil, errors.As(err, &refused) && refused.Kind != v1.KindUnavailable:
			return fmt.Errorf("ask %s for an image on %s: %w", p.Name, name, err)
		}
		select {
		case <-time.After(followEvery):
		case <-ctx.Done():
		}
	}
}

// wishLimit is how long one server may take over a wish: as long as it waits for a rack's next holder.
const wishLimit = 20 * time.Second

// AtRest tells whether every board rests after its wish.
func AtRest(all []v1.Board) bool {
	for _, b := range all {
		if !b.State.Rest() || b.Attempt == 0 {
			return false
		}
	}
	return len(all) > 0
}

// Tally counts what became of the boards.
type Tally struct{ Ready, Failed, Attempts, Retries int }

// Tally asks for every board's attempts.
func (c *Cluster) Tally(ctx context.Context, all []v1.Board) (t Tally, err error) {
	for _, b := range all {
		t.Attempts += int(b.Attempt)
		switch {
		case b.State == board.Ready:
			t.Ready++
		case b.State.Failed():
			t.Failed++
		}
		err = errors.Join(err, c.any(ctx, func(ctx context.Context, cl *client.Client) error {
			ended, err := cl.Attempts(ctx, b.Name, 0)
			for _, a := range ended {
				t.Retries += a.Tries
			}
			return err
		}))
	}
	return t, err
}
