package house

import (
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
)

// Somebody who was answered by a server sees there what came of it, although its copy of the journal is behind; one that
// stays behind is not waited for beyond a second.
func TestWhatWasAnsweredIsSeen(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		one, two := c.houses["img1"], c.houses["img2"]
		two.owe("board1", two.ByName("board1").Seq+1) // as if somebody had been answered, and the copy were behind
		seen := make(chan string)
		go func() {
			two.Freshen(t.Context(), "board1")
			seen <- two.ByName("board1").Board.Comment
		}()
		synctest.Wait()
		began := time.Now()
		two.Freshen(t.Context(), "board3") // of which nothing is owed
		if d := time.Since(began); d != 0 {
			t.Errorf("another board's reader waited %v", d)
		}
		if _, err := one.Do(t.Context(), "board1", actors.Order{Kind: board.Remark, Text: "late"}); err != nil {
			t.Fatal(err)
		}
		if got := <-seen; got != "late" {
			t.Errorf("seen is %q", got)
		}
		two.owe("board1", two.ByName("board1").Seq+1)
		for _, want := range []time.Duration{owedWait, 0} {
			began = time.Now()
			two.Freshen(t.Context(), "")
			if d := time.Since(began); d != want {
				t.Errorf("waited %v for a copy that is behind, want %v", d, want)
			}
		}
	})
}

// A word that was handed on is owed, unless the copy has it already.
func TestWhatIsOwed(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		two := c.houses["img2"]
		if _, err := two.Do(t.Context(), "board1", actors.Order{Kind: board.Remark, Text: "x"}); err != nil {
			t.Fatal(err)
		}
		two.Freshen(t.Context(), "board1")
		if got := two.ByName("board1").Board.Comment; got != "x" {
			t.Errorf("seen is %q", got)
		}
		if n := len(two.late.owed); n != 0 {
			t.Errorf("%d boards are owed still", n)
		}
	})
}

// What only a board's actor knows is shown by every server, as of the board's visit, and is asked for once a second at most.
func TestWhatOnlyActorsKnow(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		one, two := c.houses["img1"], c.houses["img2"]
		if _, err := one.Do(t.Context(), "board1", actors.Order{Kind: board.SetState, To: board.Ready, Visit: one.ByName("board1").Board.Visit}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want := one.ByName("board1").Health
		if want == (actors.Health{}) {
			t.Fatal("its server knows nothing of its health")
		}
		if got := two.ByName("board1").Health; got != (actors.Health{}) {
			t.Fatalf("known without asking: %+v", got)
		}
		two.Freshen(t.Context(), "board1")
		if got := two.ByName("board1").Health; got != want {
			t.Errorf("health %+v, want %+v", got, want)
		}
		if a, b := two.ByName("board1"), two.ByName("board1"); a != b {
			t.Error("each look makes a view anew")
		}
		asked := func() int { c.mu.Lock(); defer c.mu.Unlock(); return c.asked }
		before := asked()
		two.Freshen(t.Context(), "")
		if asked() != before {
			t.Error("asked again within a second")
		}
		if _, err := one.Do(t.Context(), "board1", actors.Order{Kind: board.SetState, To: board.Troubleshooting, Visit: one.ByName("board1").Board.Visit}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := two.ByName("board1"); got.Health != (actors.Health{}) || got.Board.State != board.Troubleshooting {
			t.Errorf("what was known of an earlier visit is shown: %+v", got)
		}
		time.Sleep(lateFor) // virtual
		two.Freshen(t.Context(), "")
		if asked() == before {
			t.Error("not asked again after a second")
		}
	})
}

// The server that holds a rack explains its boards; where it does not answer, the one that was asked says what it knows.
func TestWhyIsAskedAtTheHolder(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		one, two := c.houses["img1"], c.houses["img2"]
		if _, err := one.Do(t.Context(), "board1", actors.Order{Kind: board.SetState, To: board.Ready, Visit: one.ByName("board1").Board.Visit}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want, err := one.Why("board1")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := two.Why("board1"); err != nil || got != want {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
		c.mu.Lock()
		c.cut["img1"] = true
		c.mu.Unlock()
		if got, err := two.Why("board1"); err != nil || got.State != board.Ready || got.Text == want.Text {
			t.Errorf("without its server: %+v, %v", got, err)
		}
		if _, err := two.Why("nobody"); err == nil {
			t.Error("a board that is not there is explained")
		}
	})
}
