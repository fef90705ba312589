package boardsim

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"

	"mozpool/netboot/live"
)

// TestImaging is the whole way: entry, live environment, gate, write, read-back, reboot, image.
func TestImaging(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	img := Image{Name: "v2", Callback: true}
	s.order(t, s.artifact(t, img, "p2"))
	b := newBoard(t, s, nil)
	b.PowerOn()
	b.wait(t, ImageUp, 1)
	eventually(t, "the image says that it is up", func() bool { return s.asked("/up?image=v2") > 0 })

	want := []What{PoweredOn, Asked, KernelRead, LiveUp, Downloading, Writing, Written, Rebooting, Asked, FellThrough, ImageUp}
	if got := b.story(); !slices.Equal(got, want) {
		t.Errorf("the board did %v, want %v", got, want)
	}
	story := s.story()
	first := []string{"tftp pxelinux.cfg/01-02-00-5e-00-00-01", "tftp b/" + token + "/initrd", "tftp b/" + token + "/kernel", "second-stage.sh",
		"event/mobile_init_started", "event/downloading", "event/writing?step=system", "artifact/system",
		"event/rebooting?readback=system%3Afull%3A" + digest(makeImage(t, img)), "tftp pxelinux.cfg/01-02-00-5e-00-00-01"}
	if !slices.Equal(story[:min(len(first), len(story))], first) {
		t.Errorf("the server heard\n%s\nwant\n%s", strings.Join(story, "\n"), strings.Join(first, "\n"))
	}
	if s.asked("progress?artifact=system&done=1048576&total=1048576") == 0 {
		t.Errorf("no last progress: %v", s.log)
	}
	onCard(t, b, partition2, makeImage(t, img))
	if b.Count(CutInWrite) != 0 || !b.Powered() || b.Last().What != ImageUp || b.Name() != "board1" {
		t.Errorf("cut %d times, powered %t, last %v", b.Count(CutInWrite), b.Powered(), b.Last())
	}
	line := make([]byte, 512)
	n, from, err := s.syslog.ReadFromUDPAddrPort(line)
	if err != nil || from.Addr() != b.cfg.Address || !bytes.HasPrefix(line[:n], []byte("<134>")) || !bytes.HasSuffix(line[:n], []byte("mozpool: second stage of image v2")) {
		t.Errorf("syslog %q from %s, %v", line[:n], from, err)
	}
}

func onCard(t *testing.T, b *watched, at int64, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := b.card.f.ReadAt(got, at); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the card has something else at %d: %v", at, err)
	}
}

// TestPacks serves the same image in each way that a live environment unpacks, and as a partition of a larger file.
func TestPacks(t *testing.T) {
	t.Parallel()
	content := makeImage(t, Image{Name: "v2"})
	var packed bytes.Buffer
	z, err := xz.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	around := slices.Concat(make([]byte, 1024), content, make([]byte, 4096))
	for name, artifact := range map[string]func(s *server) live.Artifact{
		"as it is": func(s *server) live.Artifact { return s.put("a", "p2", live.None, content, content) },
		"xz":       func(s *server) live.Artifact { return s.put("a", "p2", live.XZ, packed.Bytes(), content) },
		"part": func(s *server) live.Artifact {
			a := s.put("a", "p2", live.None, around, content)
			a.Start = 1024
			return a
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.order(t, artifact(s))
			b := newBoard(t, s, nil)
			b.PowerOn()
			b.wait(t, ImageUp, 1)
			onCard(t, b, partition2, content)
		})
	}
}

// TestBadOrders hands the board what cannot be done: it reports the part to blame, once, and waits to be looked at.
func TestBadOrders(t *testing.T) {
	t.Parallel()
	img := Image{Name: "v2"}
	for name, c := range map[string]struct {
		order func(t *testing.T, s *server)
		want  string
	}{
		"other bytes": {func(t *testing.T, s *server) {
			a := s.artifact(t, img, "p2")
			a.SHA256 = digest(nil)
			s.order(t, a)
		}, "failed?part=image&text=artifact+system+arrived+twice"},
		"unpacks to something else": {func(t *testing.T, s *server) {
			a := s.artifact(t, img, "p2")
			a.Unpacked = digest(nil)
			s.order(t, a)
		}, "failed?part=card&text=not+what+was+written"},
		"too long": {func(t *testing.T, s *server) {
			a := s.artifact(t, img, "p2")
			a.Length = 5 << 20
			s.order(t, a)
		}, "failed?part=card&text=5242880+bytes+do+not+fit"},
		"no partition": {func(t *testing.T, s *server) { s.order(t, s.artifact(t, img, "p3")) }, "failed?part=card&text=the+card+has+no+partition+3"},
		"no artifact": {func(t *testing.T, s *server) { s.script(t, "v2", "mp_write other \"$MP_DISK\"; mp_reboot") },
			"failed?part=image&text=there+is+no+artifact+other"},
		"no writes": {func(t *testing.T, s *server) { s.script(t, "v2", "mp_reboot") }, "failed?part=image&text=a+simulated+board+understands"},
		"no reboot": {func(t *testing.T, s *server) {
			s.script(t, "v2", "mp_write system \"$(mp_part 2)\"", s.artifact(t, img, "p2"))
		}, "failed?part=image&text=the+script+ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			c.order(t, s)
			b := newBoard(t, s, nil)
			b.PowerOn()
			b.wait(t, Fault, 1)
			eventually(t, c.want, func() bool { return s.asked("event/"+c.want) == 1 })
			b.PowerOff()
			b.wait(t, PoweredOff, 1)
			if b.Count(CutInWrite) != 0 || s.asked("event/rebooting") != 0 {
				t.Errorf("after a report of what is broken: %v", b.story())
			}
		})
	}
}

// TestPower switches a board as a relay board does that says everything twice.
func TestPower(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.publish(false)
	b := newBoard(t, s, nil)
	b.PowerOff()
	b.PowerOn()
	b.PowerOn()
	b.wait(t, NoImage, 1)
	b.PowerOff()
	b.PowerOff()
	b.wait(t, PoweredOff, 1)
	for range 20 { // faster than a board dies
		b.PowerOn()
		b.PowerOff()
	}
	b.PowerOn()
	b.wait(t, NoImage, 2)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.PowerOn()
	if b.Powered() || b.Count(PoweredOn) != b.Count(PoweredOff) {
		t.Errorf("on %d times, off %d times, powered %t after Close", b.Count(PoweredOn), b.Count(PoweredOff), b.Powered())
	}
}

// TestStaleEntries serve a boot that is over: each costs a boot from the card, never a byte of it.
func TestStaleEntries(t *testing.T) {
	t.Parallel()
	for name, stale := range map[string]func(s *server){
		"its second stage is over": func(s *server) { s.answer("second-stage.sh", http.StatusGone) },
		"its first report is over": func(s *server) { s.answer("event/mobile_init_started", http.StatusGone) },
		"its gate is over":         func(s *server) { s.answer("event/writing", http.StatusGone) },
		"its download is over":     func(s *server) { s.answer("event/downloading", http.StatusGone) },
		"its second stage came later": func(s *server) {
			s.answer("second-stage.sh", http.StatusServiceUnavailable, http.StatusNotFound, http.StatusGone)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.order(t, s.artifact(t, Image{Name: "v2"}, "p2"))
			stale(s)
			b := newBoard(t, s, nil)
			b.runs(t, Image{Name: "v1"})
			b.PowerOn()
			b.wait(t, BootOver, 1)
			s.publish(false)
			b.wait(t, ImageUp, 1)
			if b.Last().Text != "v1" || b.Count(Writing) != 0 {
				t.Errorf("%v: %v", b.story(), b.Last())
			}
		})
	}
}

// TestKernelIsGone lets the loader read an entry whose files are gone: it goes on to the card.
func TestKernelIsGone(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.order(t, s.artifact(t, Image{Name: "v2"}, "p2"))
	b := newBoard(t, s, nil)
	b.runs(t, Image{Name: "v1"})
	if err := b.FailNext(AtKernel, BreaksOff); err != nil {
		t.Fatal(err)
	}
	b.PowerOn()
	b.wait(t, ImageUp, 1)
	if want := []What{PoweredOn, Asked, Fault, FellThrough, ImageUp}; !slices.Equal(b.story(), want) || b.Last().Text != "v1" {
		t.Errorf("%v %q, want %v", b.story(), b.Last().Text, want)
	}
}

// TestRefusedBoard asks a server that knows no entry of its: each name in the loader's order, then the card.
func TestRefusedBoard(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.publish(false)
	b := newBoard(t, s, nil)
	b.PowerOn()
	b.wait(t, NoImage, 1)
	story := s.story()
	if len(story) != 11 || story[0] != "tftp pxelinux.cfg/01-02-00-5e-00-00-01" || len(story[1]) != len("tftp pxelinux.cfg/7F5B0001") ||
		story[8] != "tftp pxelinux.cfg/7" || story[10] != "tftp pxelinux.cfg/default" {
		t.Errorf("asked for %v", story)
	}
}

// TestMaintenanceAndSelfTest stays up until its boot is over; the self-test ends with a report.
func TestMaintenanceAndSelfTest(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.script(t, "mozpool/maintenance", live.Maintenance())
	b := newBoard(t, s, nil)
	b.PowerOn()
	b.wait(t, Maintaining, 1)
	eventually(t, "it says so again", func() bool { return s.asked("event/maintenance_up") > 2 })
	if b.Count(Maintaining) != 1 || s.asked("event/writing") != 0 {
		t.Errorf("%v", b.story())
	}
	s.script(t, "mozpool/self-test", live.SelfTest())
	s.answer("event/self_test_ok", http.StatusOK)
	s.answer("event/maintenance_up", http.StatusGone)
	b.wait(t, BootOver, 1)
	b.wait(t, Testing, 1)
	eventually(t, "the self-test is good", func() bool { return s.asked("event/self_test_ok?text=card+6291456") > 0 })
}

// TestSecondServer has a first server that does not know the boot: the board asks the other one.
func TestSecondServer(t *testing.T) {
	t.Parallel()
	s, other := newServer(t), newServer(t)
	a := other.artifact(t, Image{Name: "v2"}, "p2")
	body, err := live.Raw([]live.Artifact{a})
	if err != nil {
		t.Fatal(err)
	}
	s.stage, err = live.SecondStage(live.Vars{URLs: []string{s.base() + "x", other.base()}, Disk: "/dev/sim0", Artifacts: []live.Artifact{a}}, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"mobile_init_started", "downloading", "writing", "rebooting"} {
		s.answer("/b/"+token+"x/event/"+path, http.StatusNotFound)
	}
	s.answer("/b/"+token+"x/artifact/system", http.StatusNotFound)
	b := newBoard(t, s, nil)
	b.PowerOn()
	b.wait(t, Rebooting, 1)
	s.publish(false)
	b.wait(t, ImageUp, 1)
	if other.asked("event/writing") != 1 {
		t.Errorf("the other server heard %v", other.story())
	}
	if n := s.asked("/b/" + token + "x/event/writing"); n > 0 {
		t.Errorf("a server that does not know the boot was asked %d times more", n)
	}
}

// TestStageInPieces serves a second stage that is cut off; the first stage asks again, and runs nothing of it.
func TestStageInPieces(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.order(t, s.artifact(t, Image{Name: "v2"}, "p2"))
	s.mu.Lock()
	complete := s.stage
	s.stage = complete[:len(complete)-3]
	s.mu.Unlock()
	b := newBoard(t, s, nil)
	b.PowerOn()
	eventually(t, "it asks again", func() bool { return s.asked("second-stage.sh") > 2 })
	if b.Count(LiveUp) != 0 {
		t.Error("a part of a second stage was run")
	}
	s.mu.Lock()
	s.stage = complete
	s.mu.Unlock()
	b.wait(t, ImageUp, 1)
}

// TestGivesUp never answers: the board boots its card in the end.
func TestGivesUp(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.answer("second-stage.sh", http.StatusServiceUnavailable)
	b := newBoard(t, s, func(c *Config) { c.Speed = 2000 })
	b.PowerOn()
	b.wait(t, KernelRead, 1)
	s.publish(false)
	b.wait(t, GaveUp, 1)
	b.wait(t, NoImage, 1)
}
