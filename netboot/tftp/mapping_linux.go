package tftp

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// identity tells one content from another: a file that was replaced has another inode, one that was written another time.
type identity struct {
	device, inode uint64
	size          int64
	written       time.Time
}

// piece is how much of a file is brought into memory at once.
const piece = 1 << 20

// mapping is a file in memory, shared by all who send it.
type mapping struct {
	data     []byte
	has      []atomic.Bool // which pieces were brought into memory
	populate func([]byte) error
	id       identity
	users    int
}

// near says up to where the bytes from an offset on are in memory. What memory pressure has taken away since is read again by
// the reactor itself; that is rare, for what is mapped and in use goes last.
func (m *mapping) near(from int64) int64 {
	n := from / piece
	for n < int64(len(m.has)) && m.has[n].Load() {
		n++
	}
	return n * piece
}

// load brings bytes into memory, and has the kernel begin with what follows them.
func (m *mapping) load(from, to int64) error {
	for n := from / piece; n*piece < to; n++ {
		if m.has[n].Load() {
			continue
		}
		if rest := m.data[min((n+1)*piece, int64(len(m.data))):]; len(rest) > 0 {
			_ = unix.Madvise(rest[:min(piece, len(rest))], unix.MADV_WILLNEED) // else it is read when its turn comes
		}
		if err := m.populate(m.data[n*piece : min((n+1)*piece, int64(len(m.data)))]); err != nil {
			return errors.Join(errChanged, fmt.Errorf("read into memory at %d: %w", n*piece, err))
		}
		m.has[n].Store(true)
	}
	return nil
}

// populate reads a part of a mapping. Kernels before 5.14 cannot wait for that: there, whoever sends it first waits.
func populate(p []byte) error {
	err := unix.Madvise(p, unix.MADV_POPULATE_READ)
	if errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}

// mappings are the files that are being sent. A storm of boards that ask for one kernel is one mapping.
type mappings struct {
	mu       sync.Mutex
	files    map[identity]*mapping
	populate func([]byte) error // nil: populate; for tests
}

// get maps a file, or joins those who have; nil: it cannot be mapped, and has to be read.
func (m *mappings) get(f *os.File, size int64, info fs.FileInfo) *mapping {
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok || size <= 0 || size != info.Size() || int64(int(size)) != size {
		return nil
	}
	id := identity{uint64(sys.Dev), sys.Ino, size, info.ModTime()}
	m.mu.Lock()
	defer m.mu.Unlock()
	if it := m.files[id]; it != nil {
		it.users++
		return it
	}
	data, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil
	}
	it := &mapping{data: data, has: make([]atomic.Bool, (size+piece-1)/piece), populate: populate, id: id, users: 1}
	if m.populate != nil {
		it.populate = m.populate
	}
	if m.files == nil {
		m.files = make(map[identity]*mapping)
	}
	m.files[id] = it
	return it
}

// put gives a mapping back; the last to do so unmaps it.
func (m *mappings) put(it *mapping) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if it.users--; it.users == 0 {
		delete(m.files, it.id)
		_ = unix.Munmap(it.data) // is mapped, so this cannot fail
	}
}
