package netboot

import (
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestParseLine(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		in, text string
		severity int
		stamped  bool
	}{
		{"<13>Nov 23 08:59:00 mozpool: hello", "mozpool: hello", 5, true},
		{"<11>1 2026-11-23T08:59:00Z host app - - - broke", "app: broke", 3, true},
		{"no header", "no header", 6, false},
		{"<999>x", "<999>x", 6, false},
		{"<13>", "", 5, false},
		{"<13>a\nb\x00", "a?b", 5, false},
		{"\xff\xfe", "?", 6, false},
	} {
		l := parseLine([]byte(c.in), now)
		if l.Text != c.text || l.Severity != c.severity || l.BoardAt.IsZero() == c.stamped {
			t.Errorf("%q: %+v", c.in, l)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	for _, s := range []string{"<13>Nov 23 08:59:00 a: b", "<11>1 2026-11-23T08:59:00Z h a - - - b", "<", "<1>1 ", "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l := parseLine(data, time.Unix(0, 0))
		if !utf8.ValidString(l.Text) || strings.ContainsAny(l.Text, "\n\r\x00") || l.Severity < 0 || l.Severity > 7 {
			t.Errorf("%q: %+v", data, l)
		}
	})
}

func TestYearOfALine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stamp string
		now   time.Time
		want  int
	}{
		{"Dec 31 23:59:59", time.Date(2027, 1, 1, 0, 0, 5, 0, time.UTC), 2026},
		{"Jan  1 00:00:05", time.Date(2026, 12, 31, 23, 59, 50, 0, time.UTC), 2027}, // its clock is ahead
		{"Jan  1 00:00:05", time.Date(2026, 12, 31, 18, 59, 50, 0, time.FixedZone("", -5*3600)), 2027},
		{"Feb 29 12:00:00", time.Date(2028, 3, 1, 0, 0, 0, 0, time.UTC), 2028},
		{"Jul  1 00:00:00", time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), 2026},
	} {
		if l := parseLine([]byte("<13>"+c.stamp+" late"), c.now); l.BoardAt.Year() != c.want {
			t.Errorf("a line of %s that came at %v is of %v", c.stamp, c.now, l.BoardAt)
		}
	}
}

// TestLinesReachTheBoardsLog: from the board's address, with its severity, and without tokens; nobody else's.
func TestLinesReachTheBoardsLog(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	send := func(from string) {
		conn, err := net.DialUDP("udp", &net.UDPAddr{IP: net.ParseIP(from)}, net.UDPAddrFromAddrPort(r.Addrs().Syslog))
		if err != nil {
			t.Skipf("no socket at %s: %v", from, err)
		}
		if _, err := conn.Write([]byte("<11>Nov 23 08:59:00 mozpool: " + from + " b/" + alive.String() + "/kernel")); err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	send("127.0.0.9")
	send("127.0.0.1")
	r.logs.wait(t, "127.0.0.1")
	got := r.logs.all()
	if len(got) != 1 || got[0].Board != "board1" || got[0].Severity != 3 || got[0].Source != "syslog" || strings.Contains(got[0].Text, alive.String()) {
		t.Errorf("lines %+v", got)
	}
	r.heard(t, 1)
}
