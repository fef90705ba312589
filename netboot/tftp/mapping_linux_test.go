package tftp

import "testing"

// TestShared: many transfers of one file are one mapping, which goes with the last.
func TestShared(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.put(t, "kernel", noise(5000))
	clients := []*raw{r.begin(t), r.begin(t), r.begin(t)}
	m := &r.server.files
	m.mu.Lock()
	for _, it := range m.files {
		if it.users != 3 {
			t.Errorf("%d of 3 share a mapping", it.users)
		}
	}
	if len(m.files) != 1 {
		t.Errorf("%d mappings of one file", len(m.files))
	}
	m.mu.Unlock()
	for _, c := range clients {
		c.send(c.tid, "\x00\x05\x00\x00enough\x00")
		r.wait(t)
	}
	if err := r.stop(); err != nil { // waits for all
		t.Error(err)
	}
	if len(m.files) != 0 {
		t.Errorf("%d mappings are left", len(m.files))
	}
}
