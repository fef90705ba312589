package keeper

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/inventory"
)

// counted is a source that counts how often it is asked.
type counted struct {
	list
	asked atomic.Int64
}

func (c *counted) Fetch(ctx context.Context) ([]inventory.Record, error) {
	c.asked.Add(1)
	return c.list.Fetch(ctx)
}

// Each change of a file brings one sync, once the file is at rest; a file that is left alone brings none. The clock is
// synctest's, so that nothing here waits.
func TestWatch(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "boards.yaml")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(path, "1")
	synctest.Test(t, func(t *testing.T) {
		source := &counted{list: list{name: "a", specs: boards("a", 0, 2)}}
		var fleet []inventory.Spec
		k := server(t, newMemory(), &fleet, source)
		watch := k.Watch(path)
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = k.Run(ctx) }()
		go func() { _ = watch.Run(ctx) }()
		defer synctest.Wait()
		defer stop()
		want := func(what string, asked int64) {
			t.Helper()
			time.Sleep(5 * glance)
			synctest.Wait()
			if got := source.asked.Load(); got != asked {
				t.Errorf("%s: asked %d times, want %d", what, got, asked)
			}
		}
		want("at the start", 1)
		write(path, "22")
		want("written", 2)
		write(path+".new", "33")
		old := look(path).ModTime()
		if err := os.Chtimes(path+".new", old, old); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
		want("another in its place, of the same size and time", 3)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		want("gone", 4)
		write(path, "44")
		want("there again", 5)
	})
}

// A file that is being written is left alone until it is at rest.
func TestWatchWaitsForTheEndOfAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "boards.csv")
	var fleet []inventory.Spec
	watch := server(t, newMemory(), &fleet, &list{name: "a"}).Watch(path)
	text := ""
	for range 5 {
		text += "a row\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if watch.changed() {
			t.Fatalf("taken over half written: %q", text)
		}
	}
	if !watch.changed() {
		t.Error("at rest, and not taken over")
	}
	if watch.changed() {
		t.Error("taken over twice")
	}
}

// stuck is a source that answers when it is let go.
type stuck struct {
	list
	asked, free chan struct{}
}

func (s *stuck) Fetch(ctx context.Context) ([]inventory.Record, error) {
	s.asked <- struct{}{}
	<-s.free
	return s.list.Fetch(ctx)
}

// Who follows a sync sees it from its first question to the last thing it does.
func TestStatusTellsASyncThatIsOnItsWay(t *testing.T) {
	t.Parallel()
	source := &stuck{list: list{name: "a", specs: boards("a", 0, 2)}, asked: make(chan struct{}), free: make(chan struct{})}
	var fleet []inventory.Spec
	k := server(t, newMemory(), &fleet, source)
	done := make(chan error, 1)
	go func() { done <- k.Sync(t.Context()) }()
	<-source.asked
	if !k.Status().Running {
		t.Error("the source is being asked, and no sync is on its way")
	}
	close(source.free)
	if err := <-done; err != nil || k.Status().Running || len(fleet) != 2 {
		t.Errorf("%v, %+v", err, k.Status())
	}
}
