package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"go.uber.org/goleak"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi"
	"mozpool/httpapi/apitest"
	"mozpool/httpapi/client"
	"mozpool/httpapi/events"
	"mozpool/httpapi/openapi"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images/uploads"
	"mozpool/persistence"
)

var update = flag.Bool("update", false, "write the golden files anew")

// See the same line in package httpapi.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"))
}

// world is a server with a fleet of functions, and what a command said.
type world struct {
	fleet    *apitest.Fleet
	logs     *apitest.Logs
	server   *httpapi.Server
	library  *apitest.Library
	ctx      context.Context
	out, err bytes.Buffer
	color    bool
	events   *events.Hub
	store    *apitest.Store
	more     io.Writer // also gets what is said; nil: nobody does
}

// wiring is a rack in which the second relay of three switches nothing, and the third a board that nobody knows.
func wiring(_ context.Context, _ string, relays []string, each func(actors.WiringStep)) error {
	if len(relays) == 0 {
		relays = []string{"10.91.0.2:2101:bank1:relay1", "10.91.0.2:2101:bank1:relay2"}
	}
	steps := []actors.WiringStep{
		{Board: "b1", Result: actors.WiringRight, Seen: []string{"52:54:00:00:00:01"}, Named: []string{"b1"}, Text: "switches b1"},
		{Result: actors.WiringSilent, Text: "nobody asked for a boot entry"},
		{Result: actors.WiringFound, Seen: []string{"52:54:00:09:00:01"}, Named: []string{""}, Text: "switches 52:54:00:09:00:01"},
	}
	for i, relay := range relays {
		steps[i].Relay = relay
		each(steps[i])
	}
	return nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	f := &apitest.Fleet{
		Ended: []actors.Attempt{{Number: 6, Want: board.WantImage, Image: "v1", By: "ann",
			Began: apitest.Now.Add(-time.Hour), Ended: apitest.Now.Add(-50 * time.Minute), Result: board.FailedBoot, Cycles: 6, Tries: 6,
			Blame: &board.Blame{Part: board.PartCard, Text: "never asked"}},
			{Number: 5, Want: board.WantImage, Image: "v1", By: "ci", Began: apitest.Now.Add(-3 * time.Hour), Ended: apitest.Now.Add(-170 * time.Minute), Result: board.Ready, Cycles: 1}},
		Past: []actors.Event{{At: apitest.Now.Add(-time.Hour), Attempt: 6, From: board.Ready, To: board.Cutting, By: board.Wish, Visit: 39, Text: "v1"},
			{At: apitest.Now.Add(-59 * time.Minute), Attempt: 6, From: board.Cutting, To: board.Powering, By: board.PowerIsOff, Visit: 40},
			{At: apitest.Now.Add(-50 * time.Minute), Attempt: 6, From: board.Booting, To: board.FailedBoot, By: board.Timeout, Visit: 41, Boot: 6, Part: board.PartCard, Text: "never asked"}},
		Told: map[uint32][]actors.Moment{6: failedBoot(apitest.Now.Add(-time.Hour)), 5: goodBoot(apitest.Now.Add(-3 * time.Hour))},
		Unknown: []actors.Stranger{{MAC: "52:54:00:09:00:01", From: netip.MustParseAddr("10.91.0.9"), Rack: "r1",
			First: apitest.Now.Add(-time.Hour), Last: apitest.Now, Times: 3}},
		Switches: []actors.RelayView{{Name: "10.91.0.2:2101", State: "unreachable", Boards: []string{"b1"}, Queue: 1, Error: "refused", Millis: 12.5, Incident: "i1"}},
		Troubles: []actors.Incident{{ID: "i1", Kind: actors.IncidentRelay, Subject: "10.91.0.2:2101", Rack: "r1", Boards: []string{"b1"},
			Text: "relay board 10.91.0.2:2101 gives no sign of life", Remedy: "look at its plug", Opened: apitest.Now.Add(-time.Hour)},
			{ID: "i0", Kind: actors.IncidentCrossed, Rack: "r1", Boards: []string{"b1", "b2"}, Text: "the relay of b1 switches b2 instead",
				Opened: apitest.Now.Add(-2 * time.Hour), Closed: apitest.Now.Add(-time.Hour), ClosedBy: "ann"},
			{ID: "i2", Kind: actors.IncidentImage, Subject: "v2 on hardware type panda in rack r1", Rack: "r1", Boards: []string{"b1", "b2", "b3"},
				Text: "image v2 on hardware type panda in rack r1 ends in failed_boot on b1, b2, b3, which were ready before", Remedy: "look at the image", Opened: apitest.Now.Add(-time.Hour)}},
		OnWiring: wiring,
		Broken: []actors.ToRepair{{Board: "b3", Rack: "r1", Place: "chassis 1 slot 3", State: board.FailedBoot, Since: apitest.Now.Add(-time.Hour), Part: board.PartBoard,
			Take: "a board of its kind", Why: "silent after power-on: the loader never asked", Remedy: "look at its console"}},
	}
	f.Put(apitest.Busy("b1"))
	f.Put(apitest.Board("b2", board.Ready))
	f.OnWhy = func(name string) (actors.Why, error) {
		why := actors.Why{Board: name, State: board.Downloading, Since: apitest.Now.Add(-time.Minute), Text: "It downloads disk.",
			Next: "writing, when it is there", Remedy: "wait", Tries: 1, Allowed: 6}
		switch name {
		case "b1":
			why.Dated(f.ByName(name).AsOf)
		case "b2":
			why.State, why.Next, why.Tries, why.Allowed = board.FailedBoot, "", 0, 0
			why.Text, why.Remedy = "Attempt 7 ended in failed_boot.", "check the board's cable and switch port"
			why.Evidence = board.Fact{Kind: board.FellThrough, At: apitest.Now.Add(-36 * time.Second).UnixMilli(), Text: "read the default entry"}
		}
		return why, nil
	}
	store, err := uploads.Open(filepath.Join(t.TempDir(), "artifacts"))
	if err != nil {
		t.Fatal(err)
	}
	logs := &apitest.Logs{Lines: []persistence.Line{{Board: "b1", At: apitest.Now, Source: "syslog", Text: "hello \x1b[2J"}}, New: make(chan persistence.Line)}
	close(logs.New)
	w := &world{fleet: f, logs: logs, library: &apitest.Library{}, ctx: t.Context(), events: events.New(), store: &apitest.Store{Grace: 12 * time.Hour}}
	w.server = httpapi.New(httpapi.Config{Clock: func() time.Time { return apitest.Now }, Listen: "127.0.0.1:0", Fleet: f, Artifacts: store, Imports: apitest.Imports{Store: store}, Store: w.store, Library: w.library, Dumps: apitest.Dumps{}, Level: new(slog.LevelVar), Inventory: apitest.Inventory{}, Logs: logs, Events: w.events,
		Webhooks: func() []v1.Webhook {
			return []v1.Webhook{{URL: "https://ci.example/in", State: v1.WebhookFailing, Delivered: 7, Failures: 2, Error: "the receiver answered 500"}}
		}, Catalogue: func() httpapi.Catalogue { return apitest.Catalogue{} },
		Info: func() v1.Server {
			return v1.Server{Name: "img1", Version: "1.2", Commit: "abc", Go: "go1.26", Began: apitest.Now.Add(-time.Hour), API: "http://img1:8080", Racks: []string{"r1"}}
		},
		Racks: []v1.Rack{{Name: "r1", Servers: []string{"img1"}, Listen: "10.91.0.1"}}})
	if err := w.server.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return w
}

// judge holds what commands send and get against the description of the API.
var judge = sync.OnceValues(func() (*apitest.Judge, error) { return apitest.NewJudge(openapi.Document) })

// run parses and runs a command line as the main package does, and gives its exit code.
func (w *world) run(t *testing.T, args ...string) int {
	t.Helper()
	w.out.Reset()
	w.err.Reset()
	var grammar CLI
	parser, err := kong.New(&grammar, kong.Exit(func(int) { t.Error("kong left") }))
	if err != nil {
		t.Fatal(err)
	}
	command, err := parser.Parse(append(args, "--server", w.server.URL()))
	if err != nil {
		say(&w.err, err)
		return ExitUsage
	}
	judge, err := judge()
	if err != nil {
		t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	c, err := client.New(grammar.Server, client.Options{User: "ann", Token: grammar.Token,
		HTTP: &http.Client{Transport: judge.RoundTripper(transport, func(err error) { t.Error(err) })}})
	if err != nil {
		t.Fatal(err)
	}
	defer transport.CloseIdleConnections()
	defer c.CloseIdle()
	var out, errs io.Writer = &w.out, &w.err
	if w.more != nil {
		out, errs = io.MultiWriter(out, w.more), io.MultiWriter(errs, w.more)
	}
	err = command.Run(&Context{Context: w.ctx, Client: c, Out: out, Err: errs, Output: grammar.Output(), Color: w.color,
		Now: func() time.Time { return apitest.Now }, Every: time.Millisecond})
	var coded *Error
	switch {
	case err == nil:
		return ExitOK
	case !errors.As(err, &coded):
		t.Errorf("%v: an error without an exit code: %v", args, err)
	case coded.Err != nil:
		say(&w.err, err)
	}
	return coded.Exit
}

func TestOutput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for file, args := range map[string]string{
		"list.txt": "board list", "list.json": "board list -o json", "list.yaml": "board list -o yaml --state ready", "list-name.txt": "board list -o name",
		"list-wide.txt": "board list -o wide", "images-wide.txt": "image list -o wide", "hardware-wide.txt": "hardware list -o wide",
		"show.txt": "board show b1", "why.txt": "board why b1 b2", "why.json": "board why b1 -o json", "attempts.txt": "board attempts b1", "history.txt": "board history b1", "history-wide.txt": "board history b1 -o wide --limit 2", "history.json": "board history b1 -o json", "history-name.txt": "board history b1 -o name", "dumps.txt": "board dumps list b1", "discovered.txt": "board discovered",
		"attempt.txt": "board attempt b1 6", "attempt-last-good.txt": "board attempt b1 6 --against last-good", "attempt-number.txt": "board attempt b1 6 --against 6", "attempt-diff.json": "board attempt b1 6 --against 5 -o json",
		"log.txt": "board log b1", "follow.txt": "board log b1 -f -o json", "relays.txt": "relay list", "relay.txt": "relay show 10.91.0.2", "incidents.txt": "incident list --all", "switched.txt": "relay cycle 10.91.0.2:bank1:relay1", "closed.txt": "incident close i0", "repairs.txt": "repair list", "cleared.txt": "image clear v2", "repairs.csv": "repair list --csv", "repaired.txt": "board repaired b2 --part card --note new", "racks.txt": "rack list",
		"inventory.txt": "inventory status", "inventory-sync.json": "inventory sync -o json", "inventory-plan.txt": "inventory plan", "inventory-apply.txt": "inventory apply b1", "inventory-history.txt": "inventory history", "inventory-show.txt": "inventory show b2",
		"webhooks.txt": "event webhooks", "server.txt": "server info",
		"image.txt": "image show v2", "verify.txt": "image verify v2", "hardware-show.txt": "hardware show panda", "images.txt": "image list", "hardware.txt": "hardware list", "accept.txt": "board accept b1 b2", "lock.txt": "board lock b1 --why card --for 2h -o name",
		"log-all.txt": "board log b1 --all --severity err",
		"report.txt":  "report --since 2d",
	} {
		if code := w.run(t, strings.Fields(args)...); code != 0 || w.err.Len() > 0 {
			t.Errorf("%s: exit %d, %s", args, code, w.err.String())
		}
		golden(t, file, w.out.Bytes())
	}
	w.color = true
	w.run(t, "board", "list")
	golden(t, "list-color.txt", w.out.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (-update writes it anew):\n%s", path, got)
	}
}

// What is not there is to be looked up with a command.
func TestRemedyIsACommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for args, says := range map[string]string{
		"board show nobody":                          "see: mozpool board list",
		"board cancel nobody":                        "see: mozpool board list",
		"board attempt b1 99":                        "see: mozpool board attempts BOARD",
		"image show nothing":                         "see: mozpool image list",
		"hardware show nothing":                      "see: mozpool hardware list",
		"incident close nothing":                     "see: mozpool incident list",
		"artifact remove " + strings.Repeat("0", 64): "see: mozpool artifact list",
	} {
		if code := w.run(t, strings.Fields(args)...); code != ExitNotFound || !strings.Contains(w.err.String(), says) || strings.Contains(w.err.String(), "see the list") {
			t.Errorf("%s: exit %d, %s", args, code, &w.err)
		}
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fleet.OnWish = func(name string, _ actors.Request) (actors.Answer, error) {
		kind := actors.ProblemKind(name)
		return actors.Answer{}, &actors.Problem{Kind: kind, Text: "it is so", Remedy: "do that"}
	}
	for args, want := range map[string]int{
		"board power on refused": ExitRefused, "board power on locked": ExitRefused, "board power on not_found": ExitNotFound,
		"board power on unauthorized": ExitRefused, "board power on too_many_requests": ExitRefused,
		"board power on unavailable": ExitUnreachable, "board power on bad_request": ExitUsage, "board power on other": ExitFailed,
		"board power on refused locked": ExitFailed, "board show b1 nobody": ExitFailed, "board show nobody": ExitNotFound,
		"board power sideways b1": ExitUsage, "board list --state happy": ExitUsage, "board log nobody": ExitNotFound,
	} {
		if code := w.run(t, strings.Fields(args)...); code != want {
			t.Errorf("%s: exit %d, want %d: %s", args, code, want, w.err.String())
		}
		if !strings.HasPrefix(w.err.String(), "mozpool: ") {
			t.Errorf("%s said %q", args, w.err.String())
		}
	}
	w.run(t, "board", "power", "on", "refused")
	if got := w.err.String(); got != "mozpool: it is so; do that\n" {
		t.Errorf("said %q", got)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	c, err := client.New("http://127.0.0.1:1", client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = (&ImageList{}).Run(&Context{Context: t.Context(), Client: c})
	var coded *Error
	if !errors.As(err, &coded) || coded.Exit != ExitUnreachable || !strings.Contains(err.Error(), "--server") {
		t.Errorf("%v", err)
	}
	for _, base := range []string{"", "127.0.0.1:8080", "ftp://x", "http://", "http://x?y=1"} {
		if _, err := client.New(base, client.Options{}); err == nil {
			t.Errorf("%q was taken", base)
		}
	}
}

func TestImageCarriesConfig(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asked actors.Request
	w.fleet.OnWish = func(name string, r actors.Request) (actors.Answer, error) {
		asked = r
		return actors.Answer{Board: name, Attempt: 8, State: board.Cutting}, nil
	}
	if code := w.run(t, "board", "image", "b1", "--image", "v2", "--config", "url=http://x/a;b=c,d", "--config", "k=v"); code != 0 {
		t.Fatal(w.err.String())
	}
	if asked.Image != "v2" || asked.Config["url"] != "http://x/a;b=c,d" || asked.Config["k"] != "v" || asked.By != "ann" || asked.ID == "" {
		t.Errorf("asked for %+v", asked)
	}
	if w.out.String() != "b1: attempt 8, cutting\n" {
		t.Errorf("said %q", w.out.String())
	}
}

func TestSetStateIsForTheVisitSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asked actors.Order
	w.fleet.OnDo = func(name string, o actors.Order) (actors.Answer, error) {
		asked = o
		return actors.Answer{Board: name, State: o.To}, nil
	}
	if code := w.run(t, "board", "set-state", "troubleshooting", "b1"); code != 0 || asked.Visit != 42 || asked.To != board.Troubleshooting {
		t.Errorf("exit %d, %+v", code, asked)
	}
}

// Each look at a board moves it on, so that waiting sees all of its states.
func TestWait(t *testing.T) {
	t.Parallel()
	for end, want := range map[board.State]int{board.Ready: ExitOK, board.FailedVerify: ExitFailed} {
		w := newWorld(t)
		w.fleet.OnWish = func(name string, _ actors.Request) (actors.Answer, error) {
			v := apitest.Board(name, board.Verifying)
			v.Board.Attempt = 8
			w.fleet.Put(v)
			go w.finish(name, end)
			return actors.Answer{Board: name, Attempt: 8, State: board.Cutting}, nil
		}
		if code := w.run(t, "board", "image", "--image", "v2", "--wait", "b1", "b2"); code != want {
			t.Errorf("%s: exit %d: %s", end, code, w.err.String())
		}
		for _, name := range []string{"b1", "b2"} {
			if line := name + ": attempt 8, " + string(end) + "\n"; !strings.Contains(w.out.String(), line) {
				t.Errorf("%q lacks %q", w.out.String(), line)
			}
		}
	}
}

func (w *world) finish(name string, end board.State) {
	v := apitest.Board(name, end)
	v.Board.Attempt = 8
	w.fleet.Put(v)
}

func TestWaitSeesLaterAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fleet.OnWish = func(name string, _ actors.Request) (actors.Answer, error) {
		w.finish(name, board.Ready)
		return actors.Answer{Board: name, Attempt: 7, State: board.Cutting}, nil
	}
	if code := w.run(t, "board", "self-test", "--wait", "b1"); code != ExitFailed || !strings.Contains(w.err.String(), "followed by attempt 8") {
		t.Errorf("exit %d: %s", code, w.err.String())
	}
}

func TestWatchEndsWhenInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	w.ctx = ctx
	if code := w.run(t, "board", "list", "--watch"); code != 0 || w.err.Len() > 0 {
		t.Errorf("exit %d: %s", code, w.err.String())
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{-time.Second: "0s", 59 * time.Second: "59s", time.Minute: "1m", 47 * time.Hour: "47h", 49 * time.Hour: "2d"} {
		if got := age(apitest.Now, apitest.Now.Add(-d)); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{-time.Second: "0s", 59 * time.Second: "59s", 2*time.Hour - time.Second: "2h", time.Hour + time.Minute: "1h",
		59*time.Minute + 50*time.Second: "1h", 7*24*time.Hour - time.Second: "7d"} {
		if got := left(apitest.Now, apitest.Now.Add(d)); got != want {
			t.Errorf("%s are left as %s, want %s", d, got, want)
		}
	}
}
