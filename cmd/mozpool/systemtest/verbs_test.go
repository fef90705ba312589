package systemtest

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/pin/tftp/v3"

	"mozpool/actors/board"
	"mozpool/httpapi/client"
)

// checkReady waits until the board is ready, and holds that to what the host
// sees: the card is the image, and the board went the path.
func (r *Rack) checkReady(b *Board, i Image, path ...board.State) {
	r.t.Helper()
	seen := r.WaitForState(b, cycle, board.Ready)
	if seen.Image != i.Name {
		r.t.Errorf("%s is ready with image %q, not %s", b.Name, seen.Image, i.Name)
	}
	if !b.Holds(i.Disk) {
		r.t.Errorf("%s is ready, but its card is not, byte for byte, %s", b.Name, i.Name)
	}
	if went := r.Path(b, seen.Attempt); !slices.Equal(went, path) {
		r.t.Errorf("%s went through %v, want %v", b.Name, went, path)
	}
}

// checkLog looks for lines of the board in what the server keeps.
func (r *Rack) checkLog(b *Board, texts ...string) {
	r.t.Helper()
	lines, err := r.Server.Log(ctx(r.t), b.Name, client.LogQuery{})
	if err != nil {
		r.t.Fatal(err)
	}
	var all strings.Builder
	for _, l := range lines {
		all.WriteString(l.Source + ": " + l.Text + "\n")
	}
	for _, text := range texts {
		if !strings.Contains(all.String(), text) {
			r.t.Errorf("no line %q in the log of %s:\n%s", text, b.Name, all.String())
		}
	}
}

// checkEntryGone asks as the board's loader and script would: nothing boots the
// live environment now, and the boot that wrote may write no more.
func (r *Rack) checkEntryGone(b *Board) {
	r.t.Helper()
	c, err := tftp.NewClient(ServerAddress + ":69")
	if err != nil {
		r.t.Fatal(err)
	}
	if from, err := c.Receive("pxelinux.cfg/01-"+strings.ReplaceAll(b.MAC, ":", "-"), "octet"); err == nil {
		entry := new(strings.Builder)
		_, _ = from.WriteTo(entry) // what came is shown
		r.t.Errorf("%s still has a boot entry: %s", b.Name, entry)
	}
	token := b.Token()
	res, err := http.Get(fmt.Sprintf("http://%s:%d/b/%s/event/writing", ServerAddress, httpPort, token))
	if err != nil {
		r.t.Fatal(err)
	}
	text, _ := io.ReadAll(res.Body) // what came is shown
	_ = res.Body.Close()
	if res.StatusCode != http.StatusGone {
		r.t.Errorf("the write gate says %d %s to a boot that is over, token %q", res.StatusCode, text, token)
	}
}
