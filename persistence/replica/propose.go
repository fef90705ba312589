package replica

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"mozpool/persistence"
)

const (
	queueSize = 4096
	// entryBytes is how much one entry gathers, and inFlight how many entries
	// may be under way: enough to sync the log while the state is written,
	// few enough that what waits is gathered into large entries.
	entryBytes = 256 << 10
	inFlight   = 4
)

// request is one write on its way. answer has room for one, so that nobody
// waits for a caller that gave up.
type request struct {
	op     []byte // encoded
	size   int
	answer chan error
	asker  <-chan struct{} // closed once nobody waits for the answer
}

// over says whether its asker has given up: what is still in the queue then is not proposed any more.
func (r *request) over() bool {
	select {
	case <-r.asker:
		return true
	default:
		return false
	}
}

func newRequest(ctx context.Context, op persistence.Op) (*request, error) {
	data, err := persistence.EncodeOp(op)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", persistence.ErrInvalid, err)
	}
	return &request{op: data, size: op.Size(), answer: make(chan error, 1), asker: ctx.Done()}, nil
}

// Write implements persistence.Store. Before the request is handed over an
// ended context means nothing happened; after it, nobody here knows.
func (r *Replica) Write(ctx context.Context, op persistence.Op) error {
	req, err := newRequest(ctx, op)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return notHandedOver(ctx)
	}
	select {
	case <-r.stop:
		return r.gone()
	default:
	}
	began := time.Now()
	select {
	case r.queue <- req:
	case <-ctx.Done():
		return notHandedOver(ctx)
	case <-r.stop:
		return r.gone()
	}
	if err = r.await(ctx, req); err == nil {
		r.opt.Metrics.Committed(time.Since(began))
	}
	return err
}

func notHandedOver(ctx context.Context) error {
	return fmt.Errorf("%w: nothing was stored: %w", persistence.ErrUnavailable, context.Cause(ctx))
}

func (r *Replica) await(ctx context.Context, req *request) error {
	select {
	case err := <-req.answer:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: gave up waiting for the log: %w", persistence.ErrUnknown, context.Cause(ctx))
	case <-r.done: // put in just as the proposer ended: perhaps answered, else never read
		select {
		case err := <-req.answer:
			return err
		default:
			return r.gone()
		}
	}
}

// propose gathers what is queued into entries and hands them to raft. It is
// the only goroutine that does; Close ends it, after what is queued.
func (r *Replica) propose() {
	defer close(r.done)
	var next *request
	for {
		if next == nil {
			select {
			case next = <-r.queue:
			case <-r.stop:
				select {
				case next = <-r.queue:
				default:
					r.drain()
					return
				}
			}
		}
		r.slots <- struct{}{} // before gathering: meanwhile more queues up
		var batch []*request
		if batch, next = r.gather(next); len(batch) > 0 {
			r.hand(batch)
		} else {
			<-r.slots
		}
	}
}

// room is why this server takes no write on; nil: its disk has room.
func (r *Replica) room() error { return r.state.SpaceFor(r.opt.LowWater) }

// drain waits until no entry is under way.
func (r *Replica) drain() {
	for range inFlight {
		r.slots <- struct{}{}
	}
	for range inFlight {
		<-r.slots
	}
}

// gather takes what is queued, up to an entry's size; the one that no longer
// fits begins the next entry.
func (r *Replica) gather(first *request) (batch []*request, next *request) {
	size := 0
	for req := first; ; {
		if !req.over() {
			if size += req.size; size > entryBytes && len(batch) > 0 {
				return batch, req
			}
			batch = append(batch, req)
		}
		select {
		case req = <-r.queue:
		default:
			return batch, nil
		}
	}
}

// hand proposes a batch and has its answers waited for elsewhere.
func (r *Replica) hand(batch []*request) {
	release := func() { <-r.slots }
	m, err := r.running()
	if err == nil {
		err = r.room()
	}
	if err != nil {
		answerAll(batch, err)
		release()
		return
	}
	var entry []byte
	for _, req := range batch {
		entry = appendOp(entry, req.op)
	}
	if m.raft.State() != raft.Leader {
		go func() {
			defer release()
			r.forward(m, batch, entry)
		}()
		return
	}
	future := m.raft.Apply(entry, 0)
	go func() {
		defer release()
		r.settle(batch, future)
	}()
}

// gone says why no write is taken any more.
func (r *Replica) gone() error {
	if err := r.Err(); err != nil {
		return stopped(err)
	}
	return fmt.Errorf("%w: it is closed", persistence.ErrUnavailable)
}

// stopped tells of an earlier failure without passing for its outcome.
func stopped(cause error) error {
	return fmt.Errorf("%w: %s; restart when the disk is well", persistence.ErrUnavailable, cause.Error())
}

// running answers this server's part in the group, or why it has none.
func (r *Replica) running() (*member, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.failed != nil {
		return nil, stopped(r.failed)
	}
	return r.member, nil
}

// settle answers a batch once raft did.
func (r *Replica) settle(batch []*request, future raft.ApplyFuture) {
	if err := future.Error(); err != nil {
		answerAll(batch, outcome(err))
		return
	}
	switch answer := future.Response().(type) {
	case []error:
		r.opt.Metrics.Batch(len(batch))
		for i, req := range batch {
			req.answer <- answer[i]
		}
	case error:
		answerAll(batch, answer)
	}
}

// outcome says what an error of raft means for the write: only where raft
// turned it away before it was in the log is it known that nothing was stored.
func outcome(err error) error {
	for _, before := range []error{raft.ErrNotLeader, raft.ErrEnqueueTimeout, raft.ErrLeadershipTransferInProgress} {
		if errors.Is(err, before) {
			return fmt.Errorf("%w: %w", persistence.ErrUnavailable, err)
		}
	}
	return fmt.Errorf("%w: %w", persistence.ErrUnknown, err)
}

// lost says what a question without an answer means.
func lost(err error) error {
	if errors.Is(err, errNotSent) {
		return fmt.Errorf("%w: %w", persistence.ErrUnavailable, err)
	}
	return fmt.Errorf("%w: %w", persistence.ErrUnknown, err)
}

func answerAll(batch []*request, err error) {
	for _, req := range batch {
		req.answer <- err
	}
}
