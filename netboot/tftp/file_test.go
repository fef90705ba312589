package tftp

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// begin asks for the kernel and waits for its first block.
func (r *rig) begin(t *testing.T) *raw {
	t.Helper()
	c := newRaw(t)
	c.send(r.addr, askKernel)
	c.want(data(1))
	return c
}

// rest acknowledges blocks from the first on until one is short, and gives their bytes.
func (r *raw) rest(first string) (string, error) {
	got := strings.Builder{}
	got.WriteString(first)
	for n := 1; ; n++ {
		r.send(r.tid, ack(n))
		for {
			p, err := r.read(patient)
			if err != nil {
				return "", err
			}
			if p[1] == opError {
				return "", clientError([]byte(p))
			}
			if !strings.HasPrefix(p, data(n+1)) {
				continue
			}
			got.WriteString(p[headerSize:])
			if len(p) < plainBlock+headerSize {
				r.send(r.tid, ack(n+1))
				return got.String(), nil
			}
			break
		}
	}
}

// TestReplaced: a file that is replaced goes on to those who have begun, and the new one to all others.
func TestReplaced(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, change func(*Config, *Server)) {
		r := newRig(t, change)
		was, is := noise(5000), noise(5001)
		r.put(t, "kernel", was)
		c := r.begin(t)
		r.put(t, "new", is)
		if err := os.Rename(filepath.Join(r.dir, "new"), filepath.Join(r.dir, "kernel")); err != nil {
			t.Fatal(err)
		}
		r.check(t, client{block: 1408, window: 4}, "kernel", is)
		if got, err := c.rest(string(was[:plainBlock])); err != nil || got != string(was) {
			t.Errorf("%d bytes of the old file, %v", len(got), err)
		}
	})
}

// TestOverwritten: of a file that is written while it is served, or cut, nobody gets the last block.
func TestOverwritten(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(f *os.File) error{
		"written": func(f *os.File) error { _, err := f.WriteAt([]byte("other"), 4000); return err },
		"cut":     func(f *os.File) error { return f.Truncate(600) },
		"emptied": func(f *os.File) error { return f.Truncate(0) },
		"longer":  func(f *os.File) error { return f.Truncate(100_000) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, change func(*Config, *Server)) {
				r := newRig(t, change)
				was := noise(50_000)
				r.put(t, "kernel", was)
				c := r.begin(t)
				f, err := os.OpenFile(filepath.Join(r.dir, "kernel"), os.O_RDWR, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = f.Close() }()
				if err := damage(f); err != nil {
					t.Fatal(err)
				}
				if _, err := c.rest(""); err == nil || !strings.Contains(err.Error(), errChanged.Text) {
					t.Errorf("the client got %v", err)
				}
				if e := r.wait(t); !errors.Is(e.err, errChanged) {
					t.Errorf("ended with %+v", e)
				}
			})
		})
	}
}

// hole counts bytes, all of which are to be zero.
type hole struct {
	n    int64
	zero []byte
	bad  bool
}

func (h *hole) Write(p []byte) (int, error) {
	if !bytes.Equal(p, h.zero[:len(p)]) {
		h.bad = true
	}
	h.n += int64(len(p))
	return len(p), nil
}

// TestFourGiB reads a sparse file whose length does not fit 32 bits.
func TestFourGiB(t *testing.T) {
	t.Parallel()
	if testing.Short() || underRace {
		t.Skip("sends 4 GiB over loopback: not with -short, nor under the race detector")
	}
	const size = int64(4<<30 + 5)
	r := newRig(t, nil)
	f, err := os.Create(filepath.Join(r.dir, "disk"))
	if err == nil {
		err = errors.Join(f.Truncate(size), f.Close())
	}
	if err != nil {
		t.Skipf("no file of 4 GiB can be made here: %v", err)
	}
	got := hole{zero: make([]byte, largestBlock)}
	c := client{server: r.addr, block: largestBlock, size: true}
	if err := c.fetch("disk", &got); err != nil || got.n != size || got.bad || int64(c.agreed["tsize"]) != size {
		t.Errorf("%d bytes, bad %v, options %v, %v", got.n, got.bad, c.agreed, err)
	}
}

// memoryFile is a file that is not one of the disk.
type memoryFile struct{ io.ReaderAt }

func (memoryFile) Close() error { return nil }

// TestMemory: what was made for one client is sent as well; one that cannot be read ends the transfer.
func TestMemory(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, change func(*Config, *Server)) {
		want := noise(10_000)
		r := newRig(t, func(c *Config, s *Server) {
			change(c, s)
			c.Open = func(name string, _ netip.AddrPort) (*File, error) {
				size := int64(len(want))
				if name == "short" {
					size++
				}
				return &File{Content: memoryFile{bytes.NewReader(want)}, Size: size}, nil
			}
		})
		for _, window := range []int{1, 4, 64} {
			r.check(t, client{block: 1408, window: window}, "memory", want)
		}
		var e *Error
		if err := (&client{server: r.addr}).fetch("short", io.Discard); !errors.As(err, &e) || e.Code != CodeUndefined {
			t.Errorf("of a file that cannot be read the client got %v", err)
		}
	})
}

// TestAllocates nothing for a block: 20 times as many blocks are no more allocations.
func TestAllocates(t *testing.T) { // not parallel: it counts for the whole process
	r := newRig(t, nil)
	run := func(size, window int) uint64 {
		want := make([]byte, size)
		r.put(t, "kernel", want)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var got hole
		got.zero = make([]byte, plainBlock)
		c := &client{server: r.addr, block: plainBlock, window: window}
		if err := c.fetch("kernel", &got); err != nil {
			t.Fatal(err)
		}
		r.wait(t)
		runtime.ReadMemStats(&after)
		return after.Mallocs - before.Mallocs
	}
	few, many := run(500*plainBlock, 1), run(10_000*plainBlock, 1)
	if extra := int64(many) - int64(few); extra > 950 { // some are the runtime's own
		t.Errorf("%d allocations for 9,500 blocks", extra)
	}
}
