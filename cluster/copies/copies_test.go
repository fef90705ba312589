package copies

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mozpool/cluster/ask"
	"mozpool/netboot/images/uploads"
)

var errDown = errors.New("it is down")

// group is some servers that reach each other through JSON, as over the network.
type group struct {
	servers map[string]*Copies
	spoil   func(server string, a *answer) error // may change what a server answers; nil: nobody does
	asked   atomic.Int32
}

func (g *group) Others() []string { return []string{"img2", "img3"} }

func (g *group) Ask(ctx context.Context, server string, q ask.Question, into any) error {
	g.asked.Add(1)
	a, ok := g.servers[server].Answer(ctx, q).(answer)
	if !ok {
		return errors.New("no answer of copies")
	}
	if g.spoil != nil {
		if err := g.spoil(server, &a); err != nil {
			return err
		}
	}
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if len(data) > 4<<20 {
		return errors.New("larger than an answer may be")
	}
	return json.Unmarshal(data, into)
}

func newGroup(t *testing.T) (*group, map[string]*uploads.Store) {
	t.Helper()
	g, stores := &group{servers: map[string]*Copies{}}, map[string]*uploads.Store{}
	for _, name := range []string{"img1", "img2", "img3"} {
		store, err := uploads.Open(filepath.Join(t.TempDir(), "artifacts"))
		if err != nil {
			t.Fatal(err)
		}
		stores[name], g.servers[name] = store, New(store, store, g, nil)
	}
	return g, stores
}

func put(t *testing.T, s *uploads.Store, data string) (sum string) {
	t.Helper()
	hash := sha256.Sum256([]byte(data))
	sum = hex.EncodeToString(hash[:])
	if _, err := s.Put(sum, "v3.img.gz", -1, strings.NewReader(data), time.Now()); err != nil {
		t.Fatal(err)
	}
	return sum
}

func content(t *testing.T, s *uploads.Store, sum string) string {
	t.Helper()
	f, err := s.Read(sum)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// However many want it, it is fetched once, from whichever server has it, with its name.
func TestOneFetchHoweverManyAsk(t *testing.T) {
	t.Parallel()
	g, stores := newGroup(t)
	data := strings.Repeat("0123456789abcdef", 5<<20/16) // three pieces
	sum := put(t, stores["img3"], data)
	started, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	g.spoil = func(string, *answer) error {
		once.Do(func() { close(started) })
		<-goOn
		return nil
	}
	var all sync.WaitGroup
	for n := range 10 {
		all.Go(func() {
			if n > 0 {
				<-started
			}
			if err := g.servers["img1"].Fetch(t.Context(), sum); err != nil {
				t.Error(err)
			}
		})
	}
	<-started
	close(goOn)
	all.Wait()
	a, err := stores["img1"].Has(sum)
	if err != nil || a.Name != "v3.img.gz" || content(t, stores["img1"], sum) != data {
		t.Errorf("%+v, %v", a, err)
	}
	if n := g.asked.Load(); n > 4 { // img2 may have been asked first
		t.Errorf("%d questions for 3 pieces", n)
	}
}

// A server that lies, breaks off or is down costs a try, and nothing wrong is kept.
func TestFetchGoesOnToTheNext(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(a *answer) error{
		"lies":        func(a *answer) error { a.Data = slices.Repeat([]byte("x"), len(a.Data)); return nil },
		"gives none":  func(a *answer) error { a.Data = nil; return nil },
		"gives more":  func(a *answer) error { a.Size--; return nil },
		"is down":     func(*answer) error { return errDown },
		"has no disk": func(a *answer) error { a.Error = "no disk"; return nil },
	} {
		for _, both := range []bool{false, true} {
			g, stores := newGroup(t)
			sum := put(t, stores["img2"], "image")
			put(t, stores["img3"], "image")
			g.spoil = func(server string, a *answer) error {
				if both || server == "img2" {
					return spoil(a)
				}
				return nil
			}
			err := g.servers["img1"].Fetch(t.Context(), sum)
			if (err != nil) != both {
				t.Errorf("%s, both %v: %v", name, both, err)
			}
			if _, err := stores["img1"].Has(sum); errors.Is(err, uploads.ErrNone) != both {
				t.Errorf("%s, both %v: kept %v", name, both, err)
			}
		}
	}
}

func TestNobodyHasIt(t *testing.T) {
	t.Parallel()
	g, stores := newGroup(t)
	err := g.servers["img1"].Fetch(t.Context(), strings.Repeat("ab", 32))
	if !errors.Is(err, uploads.ErrNone) {
		t.Error(err)
	}
	sum := put(t, stores["img1"], "image")
	asked := g.asked.Load()
	if err := g.servers["img1"].Fetch(t.Context(), sum); err != nil || g.asked.Load() != asked {
		t.Errorf("what is here is asked for: %v", err)
	}
	if a, ok := g.servers["img1"].Answer(t.Context(), ask.Question{Body: []byte("{")}).(answer); !ok || a.Error == "" {
		t.Errorf("%+v", a)
	}
}
