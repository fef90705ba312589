// Package lease has the rules of who may touch a rack: sessions of servers
// and leases of racks, both kept in the journal's log.
//
// It decides when a server's hold on a rack ends by that server's own clock,
// when the leader of the log may give the rack to another, and to whom. Both
// count for themselves and never compare clocks: the holder from the moment
// it sent a renewal, which is earlier, for a time that is shorter; the leader
// from the moment it carried the renewal out, which is later, for a time that
// is longer. It refuses to trust gossip, and moves nothing itself: it has no
// socket, no goroutine and, but for Boottime, no clock.
//
// The log carries out Renew, Grant and Release on every server; Book tells a
// server what it holds, Watch tells the leader what to grant.
package lease

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"mozpool/persistence"
)

const (
	// L is how long a session lives on one renewal; renewals are sent each
	// second, so three may be lost. A take-over cannot be faster than L.
	L = 4 * time.Second
	// W is how long an act may take from the check of the lease to the last
	// byte on the wire: relay sockets give up after 700 ms.
	W = time.Second
	// Silence is how long the leader waits for a renewal before it gives a
	// rack away: L, and 5 % for clocks that run at another speed.
	Silence = L + L/20
	// Every is the time between two renewals.
	Every = time.Second
	// Pause is the longest that the leader may not have looked without
	// starting to count anew: it may have been stopped, and renewals wait.
	Pause = time.Second
)

// Session is what is stored of a server that may hold racks.
type Session struct {
	Server      string
	Incarnation uint64 // of its process; rises with each start
	Number      uint64 // of its last renewal within the incarnation
}

// Lease is what is stored of a rack.
type Lease struct {
	Rack        string
	Server      string
	Incarnation uint64 // of the holder's process
	Epoch       uint64 // rises with each grant; changes of older ones are fenced
	Released    bool   // the holder let go
	To          string // to whom it would have it go; "" = whoever is first
}

// State is all sessions and leases of one moment, by name.
type State struct {
	Sessions map[string]Session
	Leases   map[string]Lease
}

// Duty makes the name under which what must run once in the cluster is leased, as a rack is. No rack can have it.
func Duty(name string) string { return dutyMark + name }

// IsDuty tells a duty from a rack.
func IsDuty(name string) bool { return strings.HasPrefix(name, dutyMark) }

const dutyMark = "@"

func sessionKey(server string) []byte { return []byte("s\x00" + server + "\x00") }
func leaseKey(rack string) []byte     { return []byte("l\x00" + rack + "\x00") }

// Read returns what a journal holds.
func Read(tx persistence.KV) (State, error) {
	s := State{map[string]Session{}, map[string]Lease{}}
	var bad error
	err := tx.Scan([]byte("s\x00"), false, func(_, value []byte) bool {
		var v Session
		bad = errors.Join(bad, json.Unmarshal(value, &v))
		s.Sessions[v.Server] = v
		return true
	})
	leases := tx.Scan([]byte("l\x00"), false, func(_, value []byte) bool {
		var v Lease
		bad = errors.Join(bad, json.Unmarshal(value, &v))
		s.Leases[v.Rack] = v
		return true
	})
	if err := errors.Join(err, leases, bad); err != nil {
		return State{}, fmt.Errorf("read leases: %w", err)
	}
	return s, nil
}

// load reads one value; a key that is not there leaves it zero.
func load(tx persistence.KV, key []byte, value any) error {
	data, err := tx.Get(key)
	if errors.Is(err, persistence.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(data, value)
}

func save(tx persistence.KV, key []byte, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return tx.Set(key, data)
}
