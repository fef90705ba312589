// Package address moves a rack's service address with the rack.
//
// It decides how long the address stays: it is lent to the interface for a few seconds at a time, and renewed while the
// rack is held. So it is gone by itself when this process dies or is frozen, when the lease lapses, and when nobody
// gets round to removing it. It refuses to know who holds what: package house tells it when a rack begins and ends
// here. A server without the right to change addresses (CAP_NET_ADMIN) serves all the same, and says so.
package address

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"
)

const (
	// lifetime is for how long the kernel keeps the address without being told again: as long as a session lives on one
	// renewal, so that it is gone before the rack is another's.
	lifetime = 4 * time.Second
	renew    = time.Second
	// loud is how many renewals are announced one by one, since announcements are lost; later every loud-th one is.
	loud = 10
)

// Address is a service address: where it is, and on which interface.
type Address struct {
	Prefix    netip.Prefix
	Interface string
}

// String is ADDRESS/BITS@INTERFACE.
func (a Address) String() string { return a.Prefix.String() + "@" + a.Interface }

// Keeper keeps the service addresses of the racks that are held here.
type Keeper struct {
	all map[string]Address
	log *slog.Logger

	mu    sync.Mutex
	stops map[string]func() // by rack
}

// NewKeeper moves these addresses, by rack; racks that have none are nothing to it.
func NewKeeper(all map[string]Address, log *slog.Logger) *Keeper {
	return &Keeper{all: all, log: log, stops: make(map[string]func())}
}

// ErrNone says that a rack has no service address.
var ErrNone = errors.New("the rack has no service_address")

// Check says why no service address follows a rack to this machine; nil: one does. It changes nothing.
func (k *Keeper) Check(rack string) error {
	a, known := k.all[rack]
	if !known {
		return ErrNone
	}
	if err := check(a); err != nil {
		return fmt.Errorf("service address %s: %w", a, err)
	}
	return nil
}

// Begin adds the rack's address and announces it again and again, while held says that the rack is held, until End.
func (k *Keeper) Begin(rack string, held func() bool) {
	a, known := k.all[rack]
	if !known {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stops[rack] != nil {
		return
	}
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { k.keep(rack, a, held, done) })
	k.stops[rack] = func() { close(done); all.Wait() }
}

// keep lends the address to the interface until done, and takes it away then.
func (k *Keeper) keep(rack string, a Address, held func() bool, done <-chan struct{}) {
	tick := time.NewTicker(renew)
	defer tick.Stop()
	failing := false
	for times := 0; ; times++ {
		if held() {
			err := lend(a, times < loud || times%loud == 0)
			if (err != nil) != failing {
				failing = err != nil
				k.log.Warn("cluster: service address", "rack", rack, "address", a.String(), "error", err)
			}
		}
		select {
		case <-tick.C:
		case <-done:
			if err := remove(a); err != nil {
				k.log.Warn("cluster: the service address is not removed; it goes by itself", "rack", rack, "address", a.String(), "error", err)
			}
			return
		}
	}
}

// End takes the rack's address away.
func (k *Keeper) End(rack string) {
	k.mu.Lock()
	stop := k.stops[rack]
	delete(k.stops, rack)
	k.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// lend adds or renews the address, and announces it.
func lend(a Address, tell bool) error {
	if err := add(a, lifetime); err != nil {
		return err
	}
	if !tell {
		return nil
	}
	return announce(a)
}
