package boardsim

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDeadCard writes a whole-disk image over the loader. No power cycle mends that; a loader in flash does not mind.
func TestDeadCard(t *testing.T) {
	t.Parallel()
	for name, elsewhere := range map[string]bool{"loader on the card": false, "loader in flash": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.order(t, s.artifact(t, Image{Name: "v2"}, "disk"))
			b := newBoard(t, s, func(c *Config) { c.LoaderOffCard = elsewhere })
			b.runs(t, Image{Name: "v1"}) // an older image behind the partition table, which is gone then
			b.PowerOn()
			b.wait(t, Rebooting, 1)
			if elsewhere {
				b.wait(t, ImageUp, 1)
				if b.Last().Text != "v2" {
					t.Errorf("image %s runs", b.Last().Text)
				}
				return
			}
			b.wait(t, Dead, 1)
			b.PowerOff()
			b.PowerOn()
			b.wait(t, Dead, 2)
			if b.Count(Asked) != 1 {
				t.Errorf("a dead board asked: %v", b.story())
			}
		})
	}
}

// TestDeadByAPartition: the loader's own partition is as deadly.
func TestDeadByAPartition(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.order(t, s.artifact(t, Image{Name: "v2"}, "p1"))
	b := newBoard(t, s, nil)
	b.PowerOn()
	b.wait(t, Dead, 1)
}

// TestHalfWritten resets in mid-write with no entry left: nothing boots, or the old image as if nothing had happened.
func TestHalfWritten(t *testing.T) {
	t.Parallel()
	for name, survives := range map[string]bool{"nothing boots": false, "the old image boots": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.order(t, s.artifact(t, Image{Name: "v2"}, "p2"))
			s.publish(false)
			b := newBoard(t, s, func(c *Config) { c.OldSurvives = survives })
			b.runs(t, Image{Name: "v1"})
			b.PowerOn()
			b.wait(t, ImageUp, 1)
			b.PowerOff()
			s.publish(true)
			if err := b.FailNext(AtWrite, Hangs); err != nil {
				t.Fatal(err)
			}
			b.PowerOn()
			b.wait(t, Fault, 1)
			s.publish(false)
			b.PowerOff()
			b.PowerOn()
			if survives {
				b.wait(t, ImageUp, 2)
				if b.Last().Text != "v1" {
					t.Errorf("image %s runs", b.Last().Text)
				}
				return
			}
			b.wait(t, NoImage, 1)
			if !strings.Contains(b.Last().Text, "v2 is not whole") {
				t.Errorf("%q", b.Last().Text)
			}
		})
	}
}

// TestCutInWrite: the board's own record of a card that was cut half written, which tests of servers hold them to.
func TestCutInWrite(t *testing.T) {
	t.Parallel()
	t.Run("power", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		s.order(t, s.artifact(t, Image{Name: "v2"}, "p2"))
		b := newBoard(t, s, func(c *Config) { c.Times.Write = time.Hour })
		b.PowerOn()
		b.wait(t, Writing, 1)
		b.PowerOff()
		b.wait(t, PoweredOff, 1)
		if b.Count(CutInWrite) != 1 {
			t.Errorf("%v", b.story())
		}
	})
	t.Run("hang, then power", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		s.order(t, s.artifact(t, Image{Name: "v2"}, "p2"))
		b := newBoard(t, s, nil)
		if err := b.FailNext(AtWrite, Hangs); err != nil {
			t.Fatal(err)
		}
		b.PowerOn()
		b.wait(t, Fault, 1)
		if b.Count(CutInWrite) != 0 {
			t.Error("a board that hangs was not cut yet")
		}
		b.PowerOff()
		b.wait(t, PoweredOff, 1)
		if b.Count(CutInWrite) != 1 {
			t.Errorf("%v", b.story())
		}
	})
	t.Run("report not heard", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		s.order(t, s.artifact(t, Image{Name: "v2"}, "p2"))
		s.answer("event/rebooting", 503)
		b := newBoard(t, s, nil)
		b.PowerOn()
		b.wait(t, Written, 1)
		eventually(t, "it says so again", func() bool { return s.asked("event/rebooting") > 2 })
		b.PowerOff()
		b.wait(t, PoweredOff, 1)
		if b.Count(CutInWrite) != 1 || b.Count(Rebooting) != 0 {
			t.Errorf("%v", b.story())
		}
	})
}

// TestCardsLast: a board made again has the card that it had, also one that is no card.
func TestCardsLast(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "card")
	c, err := openCard(path, minCard, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.f.WriteAt(makeImage(t, Image{Name: "v1"}), partition2); err != nil {
		t.Fatal(err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	if c, err = openCard(path, 2*minCard, true); err != nil {
		t.Fatal(err)
	}
	img, err := c.image(false)
	if err != nil || img.Name != "v1" || !c.loaderAlive() {
		t.Errorf("%v, %v, loader %t", img, err, c.loaderAlive())
	}
	for partition, want := range map[int]int64{0: 0, 1: partition1, 2: partition2, 3: -1, 5: -1} {
		if at, err := c.start(partition); err == nil != (want >= 0) || err == nil && at != want {
			t.Errorf("partition %d begins at %d, %v, want %d", partition, at, err, want)
		}
	}
	if _, err := c.sum(minCard-1, 2); err == nil {
		t.Error("read beyond the card's end")
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte{7}, minCard), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err = openCard(path, minCard, true); err != nil {
		t.Fatal(err)
	}
	if _, err := c.image(true); err == nil || c.loaderAlive() {
		t.Errorf("a card of noise: %v, loader %t", err, c.loaderAlive())
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openCard(filepath.Join(path, "below a file"), minCard, true); err == nil {
		t.Error("a card where none can be")
	}
}
