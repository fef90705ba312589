package replica

import (
	"context"
	"fmt"
	"net"

	"github.com/hashicorp/raft"

	"mozpool/persistence"
)

// serve answers one connection's questions until it ends or Close ends it.
func (r *Replica) serve(c net.Conn) {
	for {
		var q question
		if readFrame(c, &q) != nil {
			return // closed, or not one of ours: the asker sees it too
		}
		if writeFrame(c, r.answer(c, q)) != nil {
			return
		}
	}
}

func (r *Replica) answer(c net.Conn, q question) reply {
	m, err := r.running()
	if err != nil {
		return refusal(err)
	}
	switch {
	case q.Health:
		if err := r.room(); err != nil {
			return refusal(err) // it is there, but is not to lead
		}
		return reply{Applied: m.raft.AppliedIndex()}
	case q.Entry != nil:
		return r.carryOutFor(m, q.Entry)
	case q.Join != nil:
		return r.admit(m, c, *q.Join)
	}
	return refusal(fmt.Errorf("%w: a question of a newer version", persistence.ErrInvalid))
}

func refusal(err error) reply {
	a := pack(err)
	return reply{Refused: &a}
}

// carryOutFor proposes the writes of a server that does not lead. It is read
// first: an entry that this version cannot read would stop every server.
func (r *Replica) carryOutFor(m *member, entry []byte) reply {
	if _, err := splitEntry(entry, r.opt.kinds()); err != nil {
		return refusal(fmt.Errorf("%w: %w", persistence.ErrInvalid, err))
	}
	if err := r.room(); err != nil {
		return refusal(err)
	}
	if m.raft.State() != raft.Leader {
		return refusal(fmt.Errorf("%w: this server leads no more", persistence.ErrUnavailable))
	}
	future := m.raft.Apply(entry, 0)
	if err := future.Error(); err != nil {
		return refusal(outcome(err))
	}
	switch result := future.Response().(type) {
	case []error:
		answers := make([]answer, len(result))
		for i, err := range result {
			answers[i] = pack(err)
		}
		return reply{Answers: answers}
	case error:
		return refusal(result)
	}
	return refusal(persistence.ErrUnknown)
}

// forward has the leader carry out a batch.
func (r *Replica) forward(m *member, batch []*request, entry []byte) {
	leader, _ := m.raft.LeaderWithID()
	if leader == "" || m.link.asker == nil {
		answerAll(batch, fmt.Errorf("%w: no server leads now; without a majority nothing is stored", persistence.ErrUnavailable))
		return
	}
	rep, err := m.link.asker.ask(context.Background(), string(leader), question{Entry: entry})
	switch {
	case err != nil:
		answerAll(batch, lost(err))
	case rep.Refused != nil:
		answerAll(batch, rep.Refused.unpack())
	case len(rep.Answers) != len(batch):
		answerAll(batch, fmt.Errorf("%w: %d answers to %d writes", persistence.ErrUnknown, len(rep.Answers), len(batch)))
	default:
		r.opt.Metrics.Batch(len(batch))
		for i, req := range batch {
			req.answer <- rep.Answers[i].unpack()
		}
	}
}
