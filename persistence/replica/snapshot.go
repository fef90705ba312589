package replica

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/raft"

	"mozpool/persistence"
)

// A snapshot is this line, then for each pair of the store: two lengths as
// uvarints, key, value; and at the end a pair of no bytes, so that a stream
// that was cut off is not taken for a whole one.
const snapshotLine = "mozpool snapshot 1\n"

// Snapshot implements raft.FSM: a moment of the store, without copying it.
func (m *machine) Snapshot() (raft.FSMSnapshot, error) {
	if err := m.failure(); err != nil {
		return nil, err
	}
	moment, err := m.state.Moment()
	if err != nil {
		return nil, fmt.Errorf("take snapshot: %w", err)
	}
	return picture{moment}, nil
}

// Moment takes this server's copy as it is now, which may be behind what the group stored.
func (r *Replica) Moment() (*persistence.Moment, error) { return r.state.Moment() }

type picture struct{ moment *persistence.Moment }

// Release implements raft.FSMSnapshot.
func (p picture) Release() { p.moment.Release() }

// Persist implements raft.FSMSnapshot: streams, whatever the size.
func (p picture) Persist(sink raft.SnapshotSink) error {
	if err := p.write(sink); err != nil {
		return errors.Join(fmt.Errorf("write snapshot %s: %w", sink.ID(), err), sink.Cancel())
	}
	return sink.Close()
}

func (p picture) write(to io.Writer) error {
	w := bufio.NewWriterSize(to, 256<<10)
	_, err := w.WriteString(snapshotLine)
	scan := p.moment.Each(func(key, value []byte) bool {
		if err == nil {
			err = writePair(w, key, value)
		}
		return err == nil
	})
	return errors.Join(err, scan, writePair(w, nil, nil), w.Flush())
}

func writePair(w *bufio.Writer, key, value []byte) error {
	head := binary.AppendUvarint(nil, uint64(len(key)))
	head = binary.AppendUvarint(head, uint64(len(value)))
	for _, part := range [][]byte{head, key, value} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// Restore implements raft.FSM: puts a snapshot in place of everything.
func (m *machine) Restore(from io.ReadCloser) error {
	r := bufio.NewReaderSize(from, 256<<10)
	line := make([]byte, len(snapshotLine))
	if _, err := io.ReadFull(r, line); err != nil || string(line) != snapshotLine {
		return fmt.Errorf("snapshot begins with %.40q (%w); use the version that wrote it", line, err)
	}
	err := m.state.Replace(func(set func(key, value []byte) error) error {
		for {
			key, value, err := readPair(r)
			if err != nil || key == nil {
				return err
			}
			if err := set(key, value); err != nil {
				return err
			}
		}
	})
	if err != nil {
		return m.fail(fmt.Errorf("restore snapshot: %w", err))
	}
	m.bytes = 0
	err = m.state.View(func(tx persistence.KV) (err error) {
		m.applied, err = readApplied(tx)
		return err
	})
	if err == nil {
		m.restored()
	}
	return err
}

// maxPair bounds what one pair may claim, so that a bad stream cannot take
// all memory: a document is the largest thing stored.
const maxPair = 2 * persistence.MaxDoc

// readPair answers a nil key at the end.
func readPair(r *bufio.Reader) (key, value []byte, err error) {
	var sizes [2]uint64
	for i := range sizes {
		if sizes[i], err = binary.ReadUvarint(r); err != nil {
			return nil, nil, fmt.Errorf("snapshot is cut off: %w", err)
		}
		if sizes[i] > maxPair {
			return nil, nil, fmt.Errorf("snapshot claims a pair of %d bytes", sizes[i])
		}
	}
	if sizes[0] == 0 {
		return nil, nil, nil
	}
	pair := make([]byte, sizes[0]+sizes[1])
	if _, err := io.ReadFull(r, pair); err != nil {
		return nil, nil, fmt.Errorf("snapshot is cut off: %w", err)
	}
	return pair[:sizes[0]:sizes[0]], pair[sizes[0]:], nil
}
