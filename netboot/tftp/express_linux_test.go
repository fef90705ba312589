package tftp

import (
	"runtime"
	"testing"
)

// TestThreads: a few transfers wait in threads, always fewer than there are processors, and give their places back. The
// others go on beside them.
func TestThreads(t *testing.T) { // not parallel: the places are those of the process
	most := int32(runtime.GOMAXPROCS(0) - 1)
	r := newRig(t, nil)
	want := noise(20_000)
	r.put(t, "kernel", want)
	var clients []*raw
	for range most + 3 {
		clients = append(clients, r.begin(t))
	}
	if got := threads.Load(); got != most {
		t.Errorf("%d threads, want %d", got, most)
	}
	stranger := newRaw(t)
	stranger.send(clients[0].tid, ack(1))
	stranger.want("\x00\x05\x00\x05")
	for _, c := range clients {
		if got, err := c.rest(string(want[:plainBlock])); err != nil || got != string(want) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	for range clients {
		if e := r.wait(t); e.err != nil {
			t.Errorf("ended with %+v", e)
		}
	}
	c := r.begin(t)
	if err := r.stop(); err != nil { // waits for all
		t.Error(err)
	}
	c.want("\x00\x05\x00\x00" + errStopping.Text)
	if got := threads.Load(); got != 0 {
		t.Errorf("%d places are not given back", got)
	}
}
