package replica

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/hashicorp/raft"

	"mozpool/persistence"
)

// appliedKey holds the index of the last entry carried out; it is written in
// the same transaction, so an entry is never carried out twice or left out.
var appliedKey = []byte("R\x00applied")

// txnBytes is how much goes into one transaction; Badger's own limit is 1.2 MB.
const txnBytes = 768 << 10

// machine carries out the log on this server's copy. Once a write fails on
// disk it carries out nothing more: an entry that is skipped here would make
// this copy differ from the others for ever.
type machine struct {
	state    *persistence.State
	kinds    persistence.Kinds
	applied  uint64 // raft's one goroutine's
	bytes    uint64 // of log since the last snapshot; the same goroutine's
	full     func() // called when bytes passes the limit; must not wait
	limit    uint64
	observe  func(persistence.Op, error)
	restored func()
	fault    func() error
	writes   *pending // of this copy and of the log
	stall    func()

	mu     sync.Mutex
	failed error
	onFail func(error)
}

func newMachine(state *persistence.State, opt Options) (*machine, error) {
	m := &machine{state: state, kinds: opt.kinds(), limit: opt.SnapshotBytes, observe: opt.Observe, restored: opt.Restored, fault: opt.fault, writes: opt.writes, stall: opt.Stall}
	err := state.View(func(tx persistence.KV) (err error) {
		m.applied, err = readApplied(tx)
		return err
	})
	return m, err
}

func readApplied(tx persistence.KV) (uint64, error) {
	value, err := tx.Get(appliedKey)
	if errors.Is(err, persistence.ErrNotFound) {
		return 0, nil
	}
	if err != nil || len(value) != 8 {
		return 0, fmt.Errorf("read how far the log was carried out (%d bytes): %w", len(value), err)
	}
	return binary.BigEndian.Uint64(value), nil
}

// Apply implements raft.FSM.
func (m *machine) Apply(l *raft.Log) any { return m.ApplyBatch([]*raft.Log{l})[0] }

// step is one entry on its way through a transaction.
type step struct {
	log     *raft.Log
	ops     []persistence.Op
	answers []error // one for each op
	err     error   // it was not carried out here
}

// ApplyBatch implements raft.BatchingFSM. Each answer is a []error with one
// for each write of the entry, or an error if it was not carried out here.
func (m *machine) ApplyBatch(logs []*raft.Log) []any {
	steps := make([]*step, 0, len(logs))
	answers := make([]any, len(logs))
	for i, l := range logs {
		answers[i] = []error(nil) // carried out before a restart
		if l.Index > m.applied {
			steps = append(steps, m.read(l))
			answers[i] = steps[len(steps)-1]
		}
	}
	for _, chunk := range chunks(steps) {
		m.carryOut(chunk)
	}
	for i := range answers {
		if s, ok := answers[i].(*step); ok {
			answers[i] = s.answer()
		}
	}
	return answers
}

func (s *step) answer() any {
	if s.err != nil {
		return s.err
	}
	return s.answers
}

// chunks cuts steps into what fits one transaction each.
func chunks(steps []*step) (cut [][]*step) {
	size, from := 0, 0
	for i, s := range steps {
		if size += s.size(); size > txnBytes && i > from {
			cut = append(cut, steps[from:i])
			from, size = i, s.size()
		}
	}
	if from < len(steps) {
		cut = append(cut, steps[from:])
	}
	return cut
}

func (m *machine) read(l *raft.Log) *step {
	s := &step{log: l}
	if l.Type == raft.LogCommand {
		if s.ops, s.err = splitEntry(l.Data, m.kinds); s.err != nil {
			s.err = m.fail(fmt.Errorf("entry %d: %w", l.Index, s.err))
		}
	}
	return s
}

func (s *step) size() (n int) {
	for _, op := range s.ops {
		n += op.Size()
	}
	return n
}

// carryOut writes a few entries and the index of the last in one transaction.
func (m *machine) carryOut(steps []*step) {
	err := m.failure()
	last := steps[len(steps)-1].log.Index
	if err == nil {
		err = m.update(steps, last)
	}
	if errors.Is(err, persistence.ErrTooBig) && len(steps) > 1 {
		half := len(steps) / 2
		m.carryOut(steps[:half])
		m.carryOut(steps[half:])
		return
	}
	if err != nil {
		err = m.fail(fmt.Errorf("carry out the log up to entry %d: %w", last, err))
		for _, s := range steps {
			s.err = err
		}
		return
	}
	m.applied = last
	m.tell(steps)
}

func (m *machine) update(steps []*step, last uint64) error {
	defer m.writes.write()()
	m.stall()
	return m.state.Update(func(tx persistence.KV) error {
		if err := m.fault(); err != nil {
			return err
		}
		for _, s := range steps {
			if err := s.apply(tx); err != nil {
				return err
			}
		}
		return tx.Set(appliedKey, binary.BigEndian.AppendUint64(nil, last))
	})
}

// apply answers refusals and returns what else went wrong.
func (s *step) apply(tx persistence.KV) error {
	s.answers = make([]error, len(s.ops))
	for i, op := range s.ops {
		err := op.Apply(tx)
		if err != nil && !persistence.Refused(err) {
			return err
		}
		s.answers[i] = err
	}
	return nil
}

// tell lets the observer see what is durable now, and counts the log's bytes.
func (m *machine) tell(steps []*step) {
	for _, s := range steps {
		m.bytes += uint64(len(s.log.Data))
		if m.observe == nil {
			continue
		}
		for i, op := range s.ops {
			m.observe(op, s.answers[i])
		}
	}
	if m.bytes >= m.limit {
		m.bytes = 0
		m.full()
	}
}

// fail ends the carrying out for good and has raft stopped on this server.
func (m *machine) fail(cause error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failed == nil {
		m.failed = fmt.Errorf("%w: this server's copy stopped: %w", persistence.ErrUnknown, cause)
		go m.onFail(m.failed)
	}
	return m.failed
}

func (m *machine) failure() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failed
}
