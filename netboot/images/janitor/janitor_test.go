package janitor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"mozpool/netboot/images"
	"mozpool/netboot/images/uploads"
)

// room is a store with a clock of its own.
type room struct {
	t    *testing.T
	dir  string
	now  time.Time
	uses Uses
	err  error // instead of uses
	busy bool
	kept *uploads.Store
	*Janitor
	cleared int
	reg     *prometheus.Registry
}

func newRoom(t *testing.T) *room {
	t.Helper()
	r := &room{t: t, dir: filepath.Join(t.TempDir(), "store"), now: time.Now().Truncate(time.Second)}
	r.start()
	return r
}

// start begins again, as after a crash.
func (r *room) start() {
	r.t.Helper()
	var err error
	if r.kept, err = uploads.Open(filepath.Join(r.dir, images.UploadFolder)); err != nil {
		r.t.Fatal(err)
	}
	r.reg = prometheus.NewRegistry()
	r.Janitor = New(Config{Dir: r.dir, Uploads: r.kept, Keep: 24 * time.Hour, Clock: func() time.Time { return r.now }, Metrics: NewMetrics(r.reg),
		Hold:    func() (func(), bool) { return func() {}, !r.busy },
		Uses:    func(context.Context) (Uses, error) { return r.uses, r.err },
		Cleared: func() { r.cleared++ }})
	r.kept.OnTouch(func(sum string) { r.Touch(path.Join(images.UploadFolder, sum)) })
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// put lays a file down that came two days ago, and returns its path in the store.
func (r *room) put(folder, text string) string {
	r.t.Helper()
	name := filepath.Join(r.dir, folder, sumOf(text))
	if folder == images.UploadFolder {
		if _, err := r.kept.Put(sumOf(text), text+".img", -1, strings.NewReader(text), r.now); err != nil {
			r.t.Fatal(err)
		}
		r.age(name + ".json")
	} else {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	r.age(name)
	clear(r.touched)
	return path.Join(folder, sumOf(text))
}

func (r *room) age(name string) {
	r.t.Helper()
	old := r.now.Add(-48 * time.Hour)
	if err := os.Chtimes(name, old, old); err != nil {
		r.t.Fatal(err)
	}
}

// pass lets hours go by, with a look in each, and returns what was removed.
func (r *room) pass(hours int) (removed []string) {
	r.t.Helper()
	for range hours {
		r.now = r.now.Add(time.Hour)
		got, err := r.Prune(r.t.Context(), r.cfg.Keep)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, f := range got {
			removed = append(removed, f.Path)
		}
	}
	return removed
}

func (r *room) there(name string) bool {
	_, err := os.Stat(filepath.Join(r.dir, name))
	return err == nil
}

// TestPrune: what nobody uses goes after its time, counted from when its last user was seen, and nothing else.
func TestPrune(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	pushed, fetched, list := r.put(images.UploadFolder, "pushed"), r.put(images.MadeFolder, "fetched"), r.put(images.BlocksFolder, "list")
	ofImage, ofBoard, ofOther := r.put(images.UploadFolder, "of-image"), r.put(images.MadeFolder, "of-board"), r.put(images.UploadFolder, "of-other")
	if err := os.WriteFile(filepath.Join(r.dir, images.MadeFolder, "notes.txt"), []byte("a person's"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.uses = Uses{Images: map[string][]string{ofImage: {"v3"}, pushed: {"v2"}}, Boards: map[string][]string{ofBoard: {"board1"}}, Others: map[string]bool{ofOther: true},
		Origins: map[string]images.Origin{fetched: {Fetched: true, From: "http://builds/v1.img"}}}
	if got := r.pass(24); len(got) != 0 {
		t.Errorf("removed within a day: %v", got)
	}
	delete(r.uses.Images, pushed)
	if got := r.pass(1); !slices.Equal(got, []string{list, fetched}) || r.cleared != 1 {
		t.Errorf("removed after a day: %v", got)
	}
	if got := r.pass(23); len(got) != 0 {
		t.Errorf("removed within a day of its image: %v", got)
	}
	if got := r.pass(1); !slices.Equal(got, []string{pushed}) || r.there(pushed+".json") {
		t.Errorf("removed after a day without its image: %v", got)
	}
	for _, name := range []string{ofImage, ofBoard, ofOther, images.MadeFolder + "/notes.txt"} {
		if !r.there(name) {
			t.Errorf("%s is gone", name)
		}
	}
	want := `
# HELP mozpool_netboot_store_cleared_bytes_total Bytes of those files.
# TYPE mozpool_netboot_store_cleared_bytes_total counter
mozpool_netboot_store_cleared_bytes_total{kind="blocks"} 4
mozpool_netboot_store_cleared_bytes_total{kind="fetched"} 7
mozpool_netboot_store_cleared_bytes_total{kind="half"} 0
mozpool_netboot_store_cleared_bytes_total{kind="unpacked"} 0
mozpool_netboot_store_cleared_bytes_total{kind="upload"} 6
# HELP mozpool_netboot_store_files_current Files of the store by kind (upload, fetched, unpacked, blocks, half) and whether anybody uses them (yes, no), as the last look found them.
# TYPE mozpool_netboot_store_files_current gauge
mozpool_netboot_store_files_current{kind="fetched",used="yes"} 0
mozpool_netboot_store_files_current{kind="unpacked",used="yes"} 1
mozpool_netboot_store_files_current{kind="upload",used="yes"} 2
`
	if err := testutil.GatherAndCompare(r.reg, strings.NewReader(want), "mozpool_netboot_store_cleared_bytes_total", "mozpool_netboot_store_files_current"); err != nil {
		t.Error(err)
	}
}

// TestPruneSpares: whatever the grace, nothing goes that somebody may be about to use, or that nobody knows enough of.
func TestPruneSpares(t *testing.T) {
	t.Parallel()
	for name, spare := range map[string]func(r *room, made, upload string){
		"looked for":          func(r *room, made, upload string) { r.Touch(made); r.Touch(upload) },
		"asked for by hash":   func(r *room, made, upload string) { r.Touch(made); _, _ = r.kept.Has(path.Base(upload)) },
		"come just now":       func(r *room, made, upload string) { r.fresh(made); r.fresh(upload) },
		"sent again just now": func(r *room, made, upload string) { r.fresh(made); r.again("pushed") },
		"nobody knows":        func(r *room, _, _ string) { r.err = errors.New("no majority") },
		"an image comes":      func(r *room, _, _ string) { r.busy = true },
	} {
		r := newRoom(t)
		made, upload := r.put(images.MadeFolder, "made"), r.put(images.UploadFolder, "pushed")
		spare(r, made, upload)
		got, err := r.Prune(t.Context(), 0)
		if len(got) != 0 || !r.there(made) || !r.there(upload) {
			t.Errorf("%s: removed %v, %v", name, got, err)
		}
		if r.busy != errors.Is(err, ErrBusy) || r.err != nil && !errors.Is(err, r.err) {
			t.Errorf("%s: %v", name, err)
		}
		if dry, _ := r.Unused(t.Context(), 0); len(dry) != 0 && !r.busy {
			t.Errorf("%s: a dry run would remove %v", name, dry)
		}
		r.err, r.busy, r.now = nil, false, r.now.Add(settle+time.Second)
		if got, err := r.Prune(t.Context(), 0); len(got) != 2 || err != nil {
			t.Errorf("%s, an hour later: %v, %v", name, got, err)
		}
	}
}

func (r *room) fresh(name string) {
	r.t.Helper()
	if err := os.Chtimes(filepath.Join(r.dir, name), r.now, r.now); err != nil {
		r.t.Fatal(err)
	}
}

// again sends an upload once more, and forgets that anybody looked, as a crash would.
func (r *room) again(text string) {
	r.t.Helper()
	if _, err := r.kept.Put(sumOf(text), text+".img", -1, strings.NewReader(text), r.now); err != nil {
		r.t.Fatal(err)
	}
	r.start()
}

// TestTimeThatNobodySaw: hours in which the server was down, and years by which a clock was wrong, are nobody's to count.
func TestTimeThatNobodySaw(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"down for a month": 720 * time.Hour, "a clock set right": 50 * 365 * 24 * time.Hour, "a clock set back": -720 * time.Hour} {
		r := newRoom(t)
		made := r.put(images.MadeFolder, "made")
		r.pass(10)
		r.now = r.now.Add(jump)
		r.start()
		if got := r.pass(12); len(got) != 0 {
			t.Errorf("%s: removed %v", name, got)
		}
		if jump < 0 {
			r.now = r.now.Add(-jump) // its file would be younger than it is
			r.pass(12)
		}
		if r.pass(24); r.there(made) {
			t.Errorf("%s: it never goes", name)
		}
	}
}

// TestCrash: a crash between any two steps costs neither a file that is used nor the memory of how long others were not.
func TestCrash(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	first := r.put(images.UploadFolder, "first")
	r.pass(20)
	r.start() // after 20 hours: they count
	if got := r.pass(5); !slices.Equal(got, []string{first}) {
		t.Errorf("%v", got)
	}
	// The file is gone, and its note not yet; then it comes again.
	if err := os.WriteFile(filepath.Join(r.dir, first+".json"), []byte(`{"name":"old.img"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	r.note.Since[first] = r.now.Add(-time.Hour * 1000)
	r.writeNote()
	r.start()
	if r.there(first + ".json") {
		t.Error("a note without its file stays")
	}
	if _, err := r.kept.Put(sumOf("first"), "first.img", -1, strings.NewReader("first"), r.now); err != nil {
		t.Fatal(err)
	}
	r.fresh(first)
	r.start()
	if got := r.pass(2); len(got) != 0 {
		t.Errorf("what came again goes at once: %v", got)
	}
	// A note of nonsense counts from now on.
	if err := os.WriteFile(filepath.Join(r.dir, noteFile), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.start()
	if got := r.pass(24); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// TestHalf: what is not whole goes after a day, whatever else is kept.
func TestHalf(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.put(images.MadeFolder, "made")
	for _, name := range []string{"sha256/.new-1", "sha256/.part-ab-cd", "sha256/.part-ab-cd.json", "unused.json.tmp1"} {
		if err := os.WriteFile(filepath.Join(r.dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.age(filepath.Join(r.dir, "sha256/.new-1"))
	r.age(filepath.Join(r.dir, "unused.json.tmp1"))
	got, err := r.Prune(t.Context(), 1000*time.Hour)
	if err != nil || len(got) != 2 || got[0].Path != "sha256/.new-1" || got[1].Path != "unused.json.tmp1" {
		t.Errorf("%v, %v", got, err)
	}
	if all, err := r.Files(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}

// TestFullDisk: that since when files are unused cannot be written down keeps nobody from making room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	made := r.put(images.MadeFolder, "made")
	if err := os.Mkdir(filepath.Join(r.dir, noteFile), 0o755); err != nil { // no file can get this name
		t.Fatal(err)
	}
	if got, err := r.Prune(t.Context(), 0); err != nil || len(got) != 1 || r.there(made) {
		t.Errorf("%v, %v", got, err)
	}
}

// TestReadersReadOn: a file that is being served when it goes is served to its end.
func TestReadersReadOn(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	upload := r.put(images.UploadFolder, "pushed")
	f, err := os.Open(filepath.Join(r.dir, upload))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // read only
	if got, err := r.Prune(t.Context(), 0); err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	data := make([]byte, 16)
	if n, err := f.Read(data); err != nil || string(data[:n]) != "pushed" {
		t.Errorf("%q, %v", data[:n], err)
	}
}

// TestPutRaces: an upload that was taken is there, whatever is cleared at that moment.
func TestPutRaces(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	again := func() error {
		_, err := r.kept.Put(sumOf("pushed"), "pushed.img", -1, strings.NewReader("pushed"), r.now)
		return err
	}
	for range 50 {
		upload := r.put(images.UploadFolder, "pushed")
		done := make(chan error)
		go func() {
			_, err := r.Prune(context.WithoutCancel(t.Context()), 0)
			done <- err
		}()
		if err := errors.Join(again(), <-done); err != nil {
			t.Fatal(err)
		}
		if !r.there(upload) {
			t.Fatal("it was taken, and is gone")
		}
	}
	// The same, one step after the other: it is being removed when it is sent again.
	upload, sent, looking := r.put(images.UploadFolder, "pushed"), make(chan error, 1), make(chan struct{})
	r.kept.OnTouch(func(string) {
		close(looking)
		r.Touch(upload)
	})
	r.touching.Lock()
	go func() { sent <- again() }()
	select {
	case <-looking:
	case err := <-sent:
		t.Fatalf("it was found there without a word: %v", err)
	}
	err := r.kept.Delete(sumOf("pushed"))
	r.touching.Unlock()
	if err := errors.Join(err, <-sent); err != nil || !r.there(upload) {
		t.Errorf("there %v, %v", r.there(upload), err)
	}
}

// TestRun: it looks every hour, and one who keeps everything looks as well.
func TestRun(t *testing.T) {
	t.Parallel()
	for keep, wants := range map[time.Duration]bool{0: true, 24 * time.Hour: false} {
		r := newRoom(t)
		made := r.put(images.MadeFolder, "made")
		synctest.Test(t, func(t *testing.T) {
			start, began := r.now, time.Now()
			r.cfg.Keep, r.cfg.Clock = keep, func() time.Time { return start.Add(time.Since(began)) }
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- r.Run(ctx) }()
			<-time.After(26*time.Hour + time.Minute)
			synctest.Wait()
			if r.there(made) != wants {
				t.Errorf("kept for %v: there %v", keep, r.there(made))
			}
			if stop(); <-ended != nil {
				t.Error("an end is no error")
			}
		})
		if !r.there(noteFile) {
			t.Errorf("kept for %v: nothing is noted", keep)
		}
	}
}
