package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"mozpool/cluster/ask"
	"mozpool/cluster/copies"
	"mozpool/netboot/images"
	"mozpool/netboot/images/uploads"
)

const (
	// fetchAgain lies between two tries to fetch what no server had, or gave: it may be down.
	fetchAgain = 10 * time.Second
	// fetchLimit is how long the put of an image waits for its uploads to come from another server.
	fetchLimit = 10 * time.Minute
)

// shared is what a server of a cluster has of images that came to others.
type shared struct {
	copies  *copies.Copies
	changed chan struct{} // an image of the API came or went
	wanted  chan string   // a file that a running attempt pinned; what is more is asked for again
}

func newShared(store *uploads.Store, peers copies.Peers, s *Server) *shared {
	return &shared{copies: copies.New(store, holdings{store, &s.catalogue}, peers, s.log), changed: make(chan struct{}, 1), wanted: make(chan string, 64)}
}

// holdings are the files that other servers may have: uploads, and what else the catalogue knows by its hash, such as the
// operator's files.
type holdings struct {
	uploads   *uploads.Store
	catalogue *images.Published
}

// Has implements copies.Source.
func (h holdings) Has(sum string) (a uploads.Artifact, err error) {
	if a, err = h.uploads.Has(sum); !errors.Is(err, uploads.ErrNone) {
		return a, err
	}
	f, name, err := h.held(sum)
	if err != nil {
		return uploads.Artifact{}, err
	}
	info, err := f.Stat()
	if err = errors.Join(err, f.Close()); err != nil {
		return uploads.Artifact{}, fmt.Errorf("look at %s: %w", name, err)
	}
	return uploads.Artifact{SHA256: sum, Size: info.Size(), Name: name, At: info.ModTime()}, nil
}

// Read implements copies.Source.
func (h holdings) Read(sum string) (*os.File, error) {
	f, err := h.uploads.Read(sum)
	if errors.Is(err, uploads.ErrNone) {
		f, _, err = h.held(sum)
	}
	return f, err
}

func (h holdings) held(sum string) (*os.File, string, error) {
	c := h.catalogue.Get()
	if c == nil {
		return nil, "", uploads.ErrNone // the server is about to start
	}
	f, name, err := c.Held(sum)
	if errors.Is(err, fs.ErrNotExist) {
		err = uploads.ErrNone
	}
	return f, name, err
}

// heard notes that images of the API came or went; it does not wait.
func (h *shared) heard() {
	if h == nil {
		return
	}
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// lacking notes that a file is wanted; it does not wait.
func (h *shared) lacking(sum string) {
	select {
	case h.wanted <- sum:
	default:
	}
}

// answerCopies answers another server.
func (c *clustered) answerCopies(ctx context.Context, q ask.Question) any {
	if h := c.shared.Load(); h != nil {
		return h.copies.Answer(ctx, q)
	}
	return copies.Absent
}

// imagesFrom completes options with what the API brought, and where what is not here comes from.
func (s *Server) imagesFrom(ctx context.Context, o images.Options) (_ images.Options, err error) {
	if s.cluster != nil {
		o.Lacking = s.cluster.shared.Load().lacking
	}
	o.Touched = s.janitor.Touch
	o.Entries, err = s.entries(ctx)
	return o, err
}

// followImages shows the images that come and go at other servers, and fetches what they and running attempts need, until
// ctx ends. Each fetch runs by itself, so that a large one holds up no other; nor does a change of the images, which may
// hash for minutes.
func (s *Server) followImages(ctx context.Context) error {
	h := s.cluster.shared.Load()
	var under sync.WaitGroup // all that ends with ctx
	defer under.Wait()
	lacked, landed := make(chan []string), make(chan string)
	under.Go(func() {
		for {
			tell(ctx, lacked, s.refreshImages(ctx))
			select {
			case <-h.changed:
			case <-ctx.Done():
				return
			}
		}
	})
	f := flights{all: map[string]bool{}, failed: map[string]time.Time{}, begin: func(sum string) {
		under.Go(func() {
			s.bring(ctx, h, sum)
			tell(ctx, landed, sum)
		})
	}}
	again := time.NewTicker(fetchAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case sum := <-h.wanted:
			f.fly(time.Now(), sum)
		case sums := <-lacked:
			f.fly(time.Now(), sums...)
		case sum := <-landed:
			_, err := s.uploads.Has(sum)
			if f.ended(time.Now(), sum, err == nil); err == nil {
				h.heard()
			}
		case <-again.C:
			clear(f.failed)
			f.fly(time.Now(), lacksOf(s.catalogue.Get())...)
		}
	}
}

func tell[T any](ctx context.Context, to chan<- T, v T) {
	select {
	case to <- v:
	case <-ctx.Done():
	}
}

// flights are the fetches that are under way. One that brought nothing is not begun again for a while, however many boards
// ask: each asks all servers, and on a full disk sends the whole file in vain.
type flights struct {
	all    map[string]bool
	failed map[string]time.Time // when
	begin  func(sum string)
}

func (f flights) fly(now time.Time, sums ...string) {
	for _, sum := range sums {
		if at, ok := f.failed[sum]; f.all[sum] || ok && now.Sub(at) < fetchAgain {
			continue
		}
		f.all[sum] = true
		f.begin(sum)
	}
}

func (f flights) ended(now time.Time, sum string, here bool) {
	delete(f.all, sum)
	delete(f.failed, sum)
	if !here {
		f.failed[sum] = now
	}
}

// bring fetches one upload, and tells if it cannot.
func (s *Server) bring(ctx context.Context, h *shared, sum string) {
	if err := h.copies.Fetch(ctx, sum); err != nil && ctx.Err() == nil {
		s.log.Warn("an artifact could not be fetched from another server", "sha256", sum, "again_in", fetchAgain, "error", err)
	}
}

// refreshImages publishes the images of the API as the journal has them, and returns what they lack here.
func (s *Server) refreshImages(ctx context.Context) (lacks []string) {
	s.library.changing.Lock()
	defer s.library.changing.Unlock()
	all, err := s.entries(ctx)
	if err == nil {
		next, clashes := s.catalogue.Get().With(all)
		if err = clashes.Err(); err == nil {
			s.publish(next)
			return lacksOf(next)
		}
	}
	if ctx.Err() == nil {
		s.log.Error("images of the API were not taken over from the journal", "error", err)
	}
	return nil
}

// lacksOf are the uploads that images of the API need and that are not here.
func lacksOf(c *images.Catalogue) (sums []string) {
	for _, u := range c.Unfit() {
		sums = append(sums, u.Lacks...)
	}
	return sums
}

// fetchFor brings the uploads that an image lacks; false: it lacks none, or they are nowhere to be had.
func (l *library) fetchFor(ctx context.Context, err error) bool {
	var lacking *images.LackingError
	if !errors.As(err, &lacking) || l.s.cluster == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchLimit) // the sender waits longer than for an answer
	defer cancel()
	for _, sum := range lacking.Sums {
		if err := l.s.cluster.shared.Load().copies.Fetch(ctx, sum); err != nil {
			return false
		}
	}
	return true
}
