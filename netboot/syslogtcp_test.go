package netboot

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
)

// frames reads all messages of a stream.
func frames(r io.Reader) (all []string, err error) {
	b := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := readFrame(b)
		if len(line) > 0 {
			all = append(all, string(line))
		}
		if err != nil {
			return all, err
		}
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	long := "<13>" + strings.Repeat("x", 2*maxLine)
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"line feeds", "<13>a\n<13>b\n", []string{"<13>a", "<13>b"}},
		{"a last line without one", "<13>a\n<13>b", []string{"<13>a", "<13>b"}},
		{"lengths", "5 <13>a9 <13>b\nc d", []string{"<13>a", "<13>b\nc d"}},
		{"both", "5 <13>a<13>b\n6 <13>cc", []string{"<13>a", "<13>b", "<13>cc"}},
		{"a number that is no length", "2026 was a year\n<13>a\n", []string{"2026 was a year", "<13>a"}},
		{"digits alone", "123456789\n42", []string{"123456789", "42"}},
		{"empty lines", "\n\n<13>a\n", []string{"<13>a"}},
		{"a line that is too long", long + "\n<13>a\n", []string{long[:maxLine], "<13>a"}},
		{"a frame that is too long", "16388 " + long + "<13>a\n", []string{long[:maxLine], "<13>a"}},
		{"a frame that breaks off", "9 <13>a", []string{"<13>a"}},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in))} {
			got, err := frames(r)
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) || strings.Join(got, "|") != strings.Join(c.want, "|") {
				t.Errorf("%s: %.200q, %v", c.name, got, err)
			}
		}
	}
	if got, err := frames(strings.NewReader("9999999 <13>a")); !errors.Is(err, errFrame) || len(got) != 0 {
		t.Errorf("a frame without end: %q, %v", got, err)
	}
}

func FuzzFrames(f *testing.F) {
	for _, s := range []string{"<13>a\n", "5 <13>a", "5 <", "0 <13>", "99999999999 <", "\x00\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, _ := frames(strings.NewReader(string(data)))
		slow, _ := frames(iotest.OneByteReader(strings.NewReader(string(data))))
		if strings.Join(whole, "|") != strings.Join(slow, "|") {
			t.Errorf("%q is %q at once and %q byte by byte", data, whole, slow)
		}
		for _, line := range whole {
			if len(line) > maxLine {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
	})
}

// TestLinesByTCP: both framings on one connection reach the board's log; a stranger is hung up on.
func TestLinesByTCP(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	conn, err := net.Dial("tcp", r.Addrs().Syslog.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }() // nothing was left to send
	if _, err := conn.Write([]byte("<11>one b/" + alive.String() + "\n9 <13>threetwo\n")); err != nil {
		t.Fatal(err)
	}
	r.logs.wait(t, "two")
	got := r.logs.all()
	if len(got) != 3 || got[0].Severity != 3 || got[0].Board != "board1" || strings.Contains(got[0].Text, alive.String()) || got[1].Text != "three" {
		t.Errorf("lines %+v", got)
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}
	stranger, err := d.Dial("tcp", r.Addrs().Syslog.String())
	if err != nil {
		t.Skipf("no socket at 127.0.0.9: %v", err)
	}
	defer func() { _ = stranger.Close() }() // it was hung up on
	if _, err := stranger.Read(make([]byte, 1)); err == nil {
		t.Error("a stranger was answered")
	}
}

// TestManyConnections: one source cannot hold more than its share, and gets it back.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	for range syslogPerSource {
		if !r.talkers.Enter(loopback) {
			t.Fatal("a place of the share is not there")
		}
	}
	conn, err := net.Dial("tcp", r.Addrs().Syslog.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }() // it was hung up on
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a connection beyond the share was answered")
	}
}
