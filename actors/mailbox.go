package actors

import (
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// mailbox knows how long the oldest message of an actor has waited, or is being worked on: an actor that is stuck says
// nothing by itself. It relies on messages being handled in the order in which they came.
type mailbox struct {
	mu     sync.Mutex
	posted []time.Time // of each message that was not handled yet
}

var _ actor.MailboxMiddleware = (*mailbox)(nil)

// props are those of an actor with this mailbox.
func (m *mailbox) props(make func() actor.Actor) *actor.Props {
	return actor.PropsFromProducer(make, actor.WithMailbox(actor.Unbounded(m)))
}

// age of the oldest message; 0: none waits.
func (m *mailbox) age() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.posted) == 0 {
		return 0
	}
	return time.Since(m.posted[0])
}

// MailboxStarted implements actor.MailboxMiddleware.
func (*mailbox) MailboxStarted() {}

// MessagePosted implements actor.MailboxMiddleware.
func (m *mailbox) MessagePosted(any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.posted = append(m.posted, time.Now())
}

// MessageReceived implements actor.MailboxMiddleware. It comes once a message was handled.
func (m *mailbox) MessageReceived(any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.posted) > 0 {
		m.posted = m.posted[1:]
	}
}

// MailboxEmpty implements actor.MailboxMiddleware. It forgets messages that an actor panicked over, which are never
// told to be handled; and a flood's memory.
func (m *mailbox) MailboxEmpty() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.posted = nil
}
