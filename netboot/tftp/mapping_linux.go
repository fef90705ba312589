package tftp

import (
	"io/fs"
	"os"
	"sync"
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

// mapping is a file in memory, shared by all who send it.
type mapping struct {
	data  []byte
	id    identity
	users int
}

// mappings are the files that are being sent. A storm of boards that ask for one kernel is one mapping.
type mappings struct {
	mu    sync.Mutex
	files map[identity]*mapping
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
	it := &mapping{data: data, id: id, users: 1}
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
