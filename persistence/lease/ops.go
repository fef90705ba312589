package lease

import (
	"fmt"

	"mozpool/persistence"
)

// Renew begins or renews a server's session. A number below the stored one
// came late, or from a process that began with an old copy and takes itself
// for the one before: it is refused, so that neither holder nor leader counts
// it. An older process is fenced.
type Renew struct{ Session }

// Grant gives a rack to a server: a compare-and-set on the lease that the
// leader saw, and on the last renewal of whom it takes the rack from. So a
// holder that renewed in between keeps it.
type Grant struct {
	Rack, Server string
	Incarnation  uint64 // of the new holder's process
	Epoch        uint64 // the new one: that of the lease before, plus 1
	From         Session
}

// Release lets go of a rack. It is sent after the last effect and the last
// commit of the holder.
type Release struct {
	Rack, Server       string
	Incarnation, Epoch uint64
	To                 string // to whom the rack should go; "" = whoever is first
}

// Kinds are the ops of this package, for the journal's log.
func Kinds() persistence.Kinds {
	return persistence.Kinds{
		'S': persistence.DecodeAs[Renew], 'G': persistence.DecodeAs[Grant], 'R': persistence.DecodeAs[Release],
	}
}

// Apply implements persistence.Op.
func (r Renew) Apply(tx persistence.KV) error {
	if r.Server == "" || r.Incarnation == 0 {
		return fmt.Errorf("renew session of %q, incarnation %d: %w", r.Server, r.Incarnation, persistence.ErrInvalid)
	}
	var now Session
	if err := load(tx, sessionKey(r.Server), &now); err != nil {
		return err
	}
	switch {
	case r.Incarnation < now.Incarnation:
		return fmt.Errorf("renew session of %s, incarnation %d, stored is %d: %w",
			r.Server, r.Incarnation, now.Incarnation, persistence.ErrFenced)
	case r.Incarnation == now.Incarnation && r.Number < now.Number:
		return fmt.Errorf("renew session of %s with number %d, stored is %d: %w",
			r.Server, r.Number, now.Number, persistence.ErrConflict)
	}
	return save(tx, sessionKey(r.Server), r.Session)
}

// Apply implements persistence.Op.
func (g Grant) Apply(tx persistence.KV) error {
	var now Lease
	var to, from Session
	if err := load(tx, leaseKey(g.Rack), &now); err != nil {
		return err
	}
	next := Lease{Rack: g.Rack, Server: g.Server, Incarnation: g.Incarnation, Epoch: g.Epoch}
	if now == next {
		return nil // the same grant again
	}
	if err := load(tx, sessionKey(g.Server), &to); err != nil {
		return err
	}
	if err := load(tx, sessionKey(now.Server), &from); err != nil {
		return err
	}
	if why := g.refuse(now, from, to); why != "" {
		return fmt.Errorf("grant rack %s to %s with epoch %d: %s: %w", g.Rack, g.Server, g.Epoch, why, persistence.ErrConflict)
	}
	if err := persistence.Fence(tx, g.Rack, g.Epoch); err != nil {
		return err
	}
	return save(tx, leaseKey(g.Rack), next)
}

// refuse says why a grant does not fit what is stored; "" = it does. A holder
// whose process is known to be over (its server began another, on the same
// locked folder) has nothing left to lose by it.
func (g Grant) refuse(now Lease, from, to Session) string {
	over := now.Server == "" || now.Released || from.Incarnation > now.Incarnation
	switch {
	case g.Rack == "" || g.Server == "":
		return "it names no rack or no server"
	case g.Epoch != now.Epoch+1:
		return fmt.Sprintf("the rack's epoch is %d by now", now.Epoch)
	case to.Incarnation != g.Incarnation:
		return fmt.Sprintf("that server's process is number %d by now", to.Incarnation)
	case !over && g.From != from:
		return fmt.Sprintf("%s renewed in between", now.Server)
	}
	return ""
}

// Apply implements persistence.Op.
func (r Release) Apply(tx persistence.KV) error {
	var now Lease
	if err := load(tx, leaseKey(r.Rack), &now); err != nil {
		return err
	}
	if now.Server != r.Server || now.Incarnation != r.Incarnation || now.Epoch != r.Epoch {
		return fmt.Errorf("release rack %s, epoch %d of %s: epoch %d of %s holds it: %w",
			r.Rack, r.Epoch, r.Server, now.Epoch, now.Server, persistence.ErrConflict)
	}
	now.Released, now.To = true, r.To
	return save(tx, leaseKey(r.Rack), now)
}

// Size implements persistence.Op.
func (Renew) Size() int { return 128 }

// Size implements persistence.Op.
func (Grant) Size() int { return 256 }

// Size implements persistence.Op.
func (Release) Size() int { return 192 }

// Letter implements persistence.Op.
func (Renew) Letter() byte { return 'S' }

// Letter implements persistence.Op.
func (Grant) Letter() byte { return 'G' }

// Letter implements persistence.Op.
func (Release) Letter() byte { return 'R' }
