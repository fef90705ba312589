package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// batchBytes bounds one transaction. Badger's own limit is 15 % of the
// memtable, 1.2 MB; what is larger all the same is split.
const batchBytes = 768 << 10

// request is one write on its way. answer has room for one, so that the
// writer never waits for a caller that gave up.
type request struct {
	op     Op
	result error // as judged; told only once the batch is durable
	answer chan error
	asker  <-chan struct{} // closed once nobody waits for the answer
}

// over says whether its asker has given up. A write that is still in the queue then is not made: behind a disk that stood
// still it would come as a surprise, long after what it was decided by.
func (r *request) over() bool {
	select {
	case <-r.asker:
		return true
	default:
		return false
	}
}

// Write hands a request to the writer. Before that, an ended context means
// nothing happened; after it, nobody here knows.
func (s *localStore) Write(ctx context.Context, op Op) error {
	if ctx.Err() != nil {
		return notHandedOver(ctx)
	}
	r := &request{op: op, answer: make(chan error, 1), asker: ctx.Done()}
	began := time.Now()
	select {
	case <-s.stop:
		return errClosed
	default:
	}
	select {
	case s.queue <- r:
	case <-ctx.Done():
		return notHandedOver(ctx)
	case <-s.stop:
		return errClosed
	}
	err := s.await(ctx, r)
	if err == nil {
		s.opt.Metrics.Committed(time.Since(began))
	}
	return err
}

func (s *localStore) await(ctx context.Context, r *request) error {
	select {
	case err := <-r.answer:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: gave up waiting for the disk: %w", ErrUnknown, context.Cause(ctx))
	case <-s.done: // put in just as the writer ended: perhaps answered, else never read
		select {
		case err := <-r.answer:
			return err
		default:
			return errClosed
		}
	}
}

// run is the writer: the only goroutine that changes the store. Close ends it.
func (s *localStore) run() {
	defer close(s.done)
	var left *request
	for {
		if left == nil {
			select {
			case left = <-s.queue:
			case <-s.stop:
				select {
				case left = <-s.queue:
				default:
					return
				}
			}
		}
		var batch []*request
		if batch, left = s.gather(left); len(batch) > 0 {
			s.writeBatch(batch)
		}
	}
}

// gather takes what is queued, up to a transaction's size; the one that no
// longer fits begins the next batch.
func (s *localStore) gather(first *request) (batch []*request, left *request) {
	size := 0
	for r := first; ; {
		if !r.over() {
			if size += r.op.Size(); size > batchBytes && len(batch) > 0 {
				return batch, r
			}
			batch = append(batch, r)
		}
		select {
		case r = <-s.queue:
		default:
			return batch, nil
		}
	}
}

// writeBatch makes sure that the store may be written, then writes and answers.
func (s *localStore) writeBatch(batch []*request) {
	err := s.checkSpace()
	if err == nil {
		err = s.heal()
	}
	if err != nil {
		answerAll(batch, err)
		return
	}
	s.apply(batch)
}

// apply writes a batch in one transaction. Results are told after the sync,
// refusals too: they may rest on a change of the same batch.
func (s *localStore) apply(batch []*request) {
	txn := s.db.NewTransaction(true)
	defer txn.Discard()
	for _, r := range batch {
		r.result = r.op.Apply(badgerKV{txn})
		if !errors.Is(r.result, badger.ErrTxnTooBig) {
			continue
		}
		txn.Discard()
		if half := len(batch) / 2; half > 0 {
			s.apply(batch[:half])
			s.writeBatch(batch[half:])
			return
		}
		answerAll(batch, fmt.Errorf("%w: more than one transaction holds", ErrInvalid))
		return
	}
	if err := s.opt.commitTxn(txn); err != nil {
		s.broken(err)
		answerAll(batch, fmt.Errorf("%w: %w", ErrUnknown, err))
		return
	}
	s.opt.Metrics.Batch(len(batch))
	for _, r := range batch {
		r.answer <- r.result
	}
}

func answerAll(batch []*request, err error) {
	for _, r := range batch {
		r.answer <- err
	}
}
