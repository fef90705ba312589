package persistence

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// readSegments learns of all segments: of the sealed ones by their index, of
// the last one, which lines are added to, by reading it.
func (l *FileLogs) readSegments() error {
	paths, err := filepath.Glob(filepath.Join(l.dir, "*.seg")) // sorted
	if err != nil {
		return fmt.Errorf("list log folder %s: %w", l.dir, err)
	}
	for i, path := range paths {
		var number uint64
		if _, err := fmt.Sscanf(filepath.Base(path), "%d.seg", &number); err != nil {
			return fmt.Errorf("log folder holds %s, which is no segment; move it away", path)
		}
		last := i == len(paths)-1
		s, err := l.readSegment(number, last)
		if err != nil {
			return err
		}
		l.reportDamage(s, last)
		l.sealed = append(l.sealed, s)
	}
	return l.removeStrays()
}

// readSegment reads what is known of one segment.
func (l *FileLogs) readSegment(number uint64, last bool) (*segment, error) {
	if last {
		return scanSegment(l.dir, number)
	}
	s, err := readIndex(l.dir, number)
	if errors.Is(err, errNoIndex) {
		return l.index(number)
	}
	return s, err
}

// index reads a sealed segment and writes its index anew. Without one the next
// opening takes longer, which is no reason to do without the lines.
func (l *FileLogs) index(number uint64) (*segment, error) {
	s, err := scanSegment(l.dir, number)
	if err != nil {
		return nil, err
	}
	s.seal()
	if err := s.writeIndex(); err != nil {
		l.opt.Logger.Warn("logs: a segment stays without index", "segment", s.path, "err", err)
	}
	return s, nil
}

// reportDamage says how much of a segment cannot be read. The last one may end
// torn, as the process died while it wrote; in an earlier one it is damage.
func (l *FileLogs) reportDamage(s *segment, last bool) {
	lost := s.length - s.size
	if lost <= 0 {
		return
	}
	say := l.opt.Logger.Error
	if last {
		say = l.opt.Logger.Warn
	}
	say("logs: the rest of a segment cannot be read", "segment", s.path, "from", s.size, "bytes", lost)
}

// removeStrays takes away indexes whose segment is gone and files that were
// never put in place: the process died in between.
func (l *FileLogs) removeStrays() error {
	var strays []string
	for _, pattern := range []string{"*.idx", "*.tmp*"} {
		paths, err := filepath.Glob(filepath.Join(l.dir, pattern))
		if err != nil {
			return fmt.Errorf("list log folder %s: %w", l.dir, err)
		}
		strays = append(strays, paths...)
	}
	for _, path := range strays {
		if segment, isIndex := strings.CutSuffix(path, ".idx"); isIndex {
			if _, err := os.Stat(segment + ".seg"); !errors.Is(err, os.ErrNotExist) {
				continue
			}
		}
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("delete a left-over of the log folder: %w", err)
		}
	}
	return nil
}

// mend reads a sealed segment again that turned out to be harmed where a query
// read it: what is behind the harm is given up, and said once.
func (l *FileLogs) mend(path string) error {
	l.flush.Lock()
	defer l.flush.Unlock()
	for _, s := range l.sealed {
		if s.path != path {
			continue
		}
		fresh, err := l.index(s.number)
		if err != nil {
			return err
		}
		if fresh.size < s.size {
			l.reportDamage(fresh, false)
		}
		*s = *fresh
		l.changes++
	}
	return nil
}
