package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi/apitest"
	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
)

func TestBoardsAreChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for args, want := range map[string]string{
		"board accept b* -l state=ready --dry-run":        "b2\n",
		"board image --image v2 -l name=b2 --dry-run":     "b2\n",
		"board power cycle ?2 --dry-run":                  "b2\n",
		"board set-state new b2 --dry-run":                "b2\n",
		"board comment slow b1 --dry-run":                 "b1\n",
		"board label pool=x old- -l name=* --dry-run":     "b1\nb2\n",
		"board label b2 owner- -o name":                   "b2\n",
		"board label b1 owner-":                           "b1: pool=ci\n",
		"board list -l state=ready -o name":               "b2\n",
		"board list b1 -o name":                           "b1\n",
		"board why -l state=ready -o name":                "b2\n",
		"board attempt b1 -o name":                        "7\n",
		"board comment slow -l rack=r1,state=ready":       "b2: commented\n",
		"board unlock b2":                                 "b2: unlocked\n",
		"board show -l rack=r1,state=downloading -o name": "b1\n",
	} {
		if code := w.run(t, strings.Fields(args)...); code != 0 || w.out.String() != want {
			t.Errorf("%s: exit %d, %q, %s", args, code, w.out.String(), w.err.String())
		}
	}
	for args, want := range map[string]int{
		"board accept": ExitUsage, "board label b1": ExitUsage, "board label pool=ci": ExitUsage, "board accept -l rack": ExitUsage, "board accept c*": ExitNotFound, "board accept -l rack=r9": ExitNotFound,
		"board list -l state=happy": ExitUsage, "board list b1 nobody": ExitNotFound, "board list c*": ExitNotFound, "board list -l rack=r9": ExitOK, "board image --image v2 b1 --dry-run": ExitRefused, "board accept -l name=* --dry-run": ExitFailed, "board lock b1 --for=-2h": ExitUsage, "board attempt nobody": ExitNotFound, "board wait b1@x": ExitUsage, "board wait nobody": ExitNotFound, "board wait b1@99": ExitNotFound,
	} {
		if code := w.run(t, strings.Fields(args)...); code != want {
			t.Errorf("%s: exit %d, want %d: %s", args, code, want, w.err.String())
		}
	}
}

// What is not there is told of, beside what is.
func TestListTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(t, "board", "list", "b1", "nobody", "-o", "name")
	if w.out.String() != "b1\n" || !strings.Contains(w.err.String(), "no board nobody") {
		t.Errorf("%q, %q", &w.out, &w.err)
	}
	for args, want := range map[string]string{"board list nobody": "", "board list c* nobody": "", "board list nobody -o json": "[]\n"} {
		if w.run(t, strings.Fields(args)...); w.out.String() != want || !strings.Contains(w.err.String(), "nobody") {
			t.Errorf("%s: %q, %q", args, &w.out, &w.err)
		}
	}
	for args, want := range map[string]string{"board list -l rack=r9": "(no board fits)\n", "board list -l rack=r9 -o json": "", "board list b1": ""} {
		if w.run(t, strings.Fields(args)...); w.err.String() != want {
			t.Errorf("%s said %q", args, &w.err)
		}
	}
}

// How long a lock is to hold is told as everywhere; none at all is not for ever.
func TestHowLongALockHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var until time.Time
	w.fleet.OnDo = func(_ string, o actors.Order) (actors.Answer, error) {
		until = o.Until
		return actors.Answer{Board: "b1", State: board.Ready}, nil
	}
	for long, want := range map[string]time.Duration{"2h": 2 * time.Hour, "7d": 168 * time.Hour} {
		if code := w.run(t, "board", "lock", "b1", "--for", long); code != 0 || !until.Equal(apitest.Now.Add(want)) {
			t.Errorf("--for %s: exit %d, until %v, %s", long, code, until, &w.err)
		}
	}
	until = time.Time{}
	for long, want := range map[string]string{"0": "leave it out", "0s": "leave it out", "-2h": "leave it out", "": "write such as", "soon": "write such as", "99999999h": "at most 36500d"} {
		if code := w.run(t, "board", "lock", "b1", "--for="+long); code != ExitUsage || !strings.Contains(w.err.String(), want) || !until.IsZero() {
			t.Errorf("--for %s: exit %d, until %v, %s", long, code, until, &w.err)
		}
	}
}

func TestNothingIsAskedInADryRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fleet.OnWish = func(string, actors.Request) (actors.Answer, error) {
		t.Error("asked")
		return actors.Answer{}, nil
	}
	w.run(t, "board", "image", "--image", "v2", "-l", "name=*", "--dry-run", "--wait")
}

// Waiting is taken up again by the number of the attempt, also when another has followed it.
func TestWaitAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.finish("b2", board.Ready)
	if code := w.run(t, "board", "wait", "b2@8"); code != 0 || w.out.String() != "b2: attempt 8, ready\n" {
		t.Errorf("exit %d, %q", code, w.out.String())
	}
	if code := w.run(t, "board", "wait", "b2@6"); code != ExitFailed || w.out.String() != "b2: attempt 6, failed_boot\n" || !strings.Contains(w.err.String(), "never asked") {
		t.Errorf("exit %d, %q, %s", code, w.out.String(), w.err.String())
	}
	err := (&Context{}).abandoned([]*waiter{{of: v1.Accepted{Board: "b1", Attempt: 8}}, {of: v1.Accepted{Board: "b2", Attempt: 9}}})
	if !strings.HasSuffix(err.Error(), "mozpool board wait b1@8 b2@9") {
		t.Errorf("%v", err)
	}
}

func TestLiveTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := &Context{Now: func() time.Time { return apitest.Now }}
	l := liveTable{out: &out}
	l.clear()
	open := []*waiter{{row: rowOf(c, v1.Board{Name: "b1", State: board.Downloading, Since: apitest.Now.Add(-time.Minute), Progress: &v1.Progress{Artifact: "disk", Done: 40, Total: 100}})},
		{said: strings.Repeat("x", 50), row: liveRow{name: "b2"}}}
	l.draw(open)
	golden(t, "live.txt", out.Bytes())
	out.Reset()
	for range 100 {
		open = append(open, open[0])
	}
	l.clear()
	if out.String() != "\r\x1b[3A\x1b[J" {
		t.Errorf("%q", out.String())
	}
	l.draw(open)
	if n := strings.Count(out.String(), "\n"); n != liveRows+2 || l.lines != n {
		t.Errorf("%d lines were drawn, %d are known", n, l.lines)
	}
	for done, want := range map[int64]string{-5: "[....................]", 50: "[##########..........]", 200: "[####################]"} {
		if got := bar(done, 100); got != want {
			t.Errorf("%d: %s", done, got)
		}
	}
	if bar(1, 0) != "" {
		t.Error("a bar of an unknown whole")
	}
}

// Nobody waits for ever for a server that is gone.
func TestWaitingForAServerThatIsGone(t *testing.T) {
	t.Parallel()
	gone, err := client.New("http://127.0.0.1:1", client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	now, looks := apitest.Now, 0
	c := &Context{Context: t.Context(), Client: gone, Err: &said, Every: time.Millisecond, Now: func() time.Time {
		looks++
		now = now.Add(time.Minute)
		return now
	}}
	if err := c.wait([]v1.Accepted{{Board: "b1", Attempt: 8}}); codeOf(err) != ExitFailed || looks < 10 || looks > 12 {
		t.Errorf("%v after %d looks: %s", err, looks, said.String())
	}
}
