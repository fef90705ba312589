package firstrack

import (
	"fmt"
	"strings"
	"testing"
)

// substitutions say what a machine without a rack puts in the place of what the README writes. Each is used.
func (s *site) substitutions() [][2]string {
	return [][2]string{
		// No root: any free ports. With host:port, the API's port is set too; MOZPOOL_SERVER tells the other verbs.
		{"--listen 10.91.0.1", fmt.Sprintf("--listen 127.0.0.1:%d --http %d --tftp %d --syslog %d", s.ports[0], s.ports[1], s.ports[2], s.ports[3])},
		{"10.91.0.1", "127.0.0.1"},
		{"10.91.0.2:2101", fmt.Sprint(s.relay.Addr())},
		{"52:54:00:01:00:01", boardMAC.String()},
	}
}

// step says what a command of the README is to do.
type step struct {
	command string      // how it begins
	before  func(*site) // what a person does before
	says    []string    // what it prints
	after   func(*site) // what must be so afterwards
	run     func(*site, string) string
}

// steps are in no order: the README has that.
var steps = []step{
	{command: "mozpool config default", after: func(s *site) { s.has("mozpool.yaml") }},
	{command: "mozpool loader script", says: []string{"pxe get", "setenv serverip 127.0.0.1", "first partition of every"}},
	{command: "mozpool live build", says: []string{"vmlinuz", "initrd", "omap4-panda-es.dtb"}},
	{command: "mozpool serve", run: (*site).serve, says: []string{"ready api=", "racks=r1"}},
	{command: "mozpool board discovered", before: (*site).switchOn, says: []string{boardMAC.String(), "127.91.0.1", "r1"}, after: func(s *site) { s.hasNot("boards.yaml") }},
	{command: "mozpool image add", before: func(s *site) { s.has("boards.yaml") }, after: func(s *site) { s.has("files/artifacts/vendor-1.2.img.xz") },
		says: []string{"left out: the card's own is kept", "written to p2", "would overwrite 0-4MiB, p1 of panda", "- name: vendor-1.2", "mozpool reload"}},
	{command: "mozpool config check", says: []string{"mozpool.yaml: ok"}},
	{command: "mozpool reload", says: []string{"reloaded"}},
	{command: "mozpool board image", says: []string{"board1: attempt 1, ready"}},
	{command: "mozpool board why", says: []string{"Ready with image vendor-1.2"}},
}

// TestReadme does what the README says, and nothing else.
func TestReadme(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	used := make(map[string]int)
	for _, b := range blocks(t) {
		for i := range b.lines {
			b.lines[i] = s.substitute(b.lines[i], used)
		}
		switch b.language {
		case "sh":
			for _, line := range b.lines {
				s.do(line, used)
			}
		case "yaml":
			s.writeBlock(b)
		default:
			t.Fatalf("a block of %q: this test knows sh and yaml", b.language)
		}
	}
	for _, sub := range s.substitutions() {
		if used[sub[0]] == 0 {
			t.Errorf("the README no longer says %s", sub[0])
		}
	}
	for _, st := range steps {
		if used[st.command] == 0 {
			t.Errorf("the README no longer has %s", st.command)
		}
	}
	s.board.holds("vendor-1.2")
}

func (s *site) substitute(line string, used map[string]int) string {
	for _, sub := range s.substitutions() {
		if strings.Contains(line, sub[0]) {
			used[sub[0]]++
			line = strings.ReplaceAll(line, sub[0], sub[1])
		}
	}
	return line
}

// do executes one command as its step says.
func (s *site) do(line string, used map[string]int) {
	s.t.Helper()
	for _, st := range steps {
		if !strings.HasPrefix(line, st.command) {
			continue
		}
		used[st.command]++
		if st.before != nil {
			st.before(s)
		}
		run := st.run
		if run == nil {
			run = (*site).must
		}
		said := run(s, line)
		for _, want := range st.says {
			if !strings.Contains(said, want) {
				s.t.Errorf("%s\nsaid:\n%s\nand not %q", line, said, want)
			}
		}
		if st.after != nil {
			st.after(s)
		}
		return
	}
	s.t.Fatalf("the README says %q; say in steps what that is to do", line)
}

// writeBlock writes a file whose name stands in the block's first line.
func (s *site) writeBlock(b block) {
	s.t.Helper()
	name, ok := strings.CutPrefix(b.lines[0], "# ")
	if !ok {
		s.t.Fatalf("a block of YAML does not begin with the name of its file: %s", b.lines[0])
	}
	s.put(name, []byte(strings.Join(b.lines, "\n")+"\n"))
}
