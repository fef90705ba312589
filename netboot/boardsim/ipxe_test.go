package boardsim

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestIPXEBoard is the whole way of a board whose loader is iPXE: chain, script, kernel before initrd, and exit to its card.
func TestIPXEBoard(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	img := Image{Name: "v2", Callback: true}
	s.order(t, s.artifact(t, img, "p2"))
	b := newBoard(t, s, func(c *Config) { c.IPXE = true })
	b.PowerOn()
	b.wait(t, ImageUp, 1)
	want := []What{PoweredOn, Asked, KernelRead, LiveUp, Downloading, Writing, Written, Rebooting, Asked, FellThrough, ImageUp}
	if got := b.story(); !slices.Equal(got, want) {
		t.Errorf("the board did %v, want %v", got, want)
	}
	first := []string{"tftp boot.ipxe", "tftp ipxe/02-00-5e-00-00-01", "kernel", "initrd", "second-stage.sh"}
	if story := s.story(); !slices.Equal(story[:min(len(first), len(story))], first) {
		t.Errorf("the server heard\n%s", strings.Join(story, "\n"))
	}
	onCard(t, b, partition2, makeImage(t, img))
}

// TestIPXEGoesOn: where a file cannot be read, or the script is none, iPXE goes on to the card.
func TestIPXEGoesOn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.answer("initrd", http.StatusNotFound)
	b := newBoard(t, s, func(c *Config) { c.IPXE = true })
	b.PowerOn()
	b.wait(t, FellThrough, 1)
	for text, want := range map[string]entry{
		"#!ipxe\nkernel u/k a=1 b=2\ninitrd u/i\nboot\n": {kernel: "u/k", initrd: "u/i", append: "a=1 b=2"},
		"kernel u/k\nboot\n":                             {},
		"#!ipxe\nkernel u/k\n":                           {},
		"#!ipxe\nexit\nkernel k\nboot":                   {},
	} {
		if got := parseScript(text); got != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
	for text, want := range map[string]string{
		"#!ipxe\nchain --replace --autofree ipxe/${netX/mac:hexhyp} ||\nexit\n": "ipxe/52-54-00-00-00-01", "#!ipxe\nexit\n": "", "chain x": "", "#!ipxe\nchain --replace": "",
	} {
		if got, ok := chained(text, "52:54:00:00:00:01"); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
}
