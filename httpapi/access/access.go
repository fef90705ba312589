// Package access says who asks, and what they may.
//
// It decides what a role may do, whom a bearer token belongs to, and how long somebody who guesses has to wait. It
// refuses to know boards or routes: whoever serves a request names the role and the rack that it takes. Package
// httpapi asks it for every request; "mozpool token" writes the file that it reads.
//
// Tokens are kept as SHA-256. They are 160 random bits, so a slow hash would protect nothing and cost every request.
package access

import (
	"fmt"
	"slices"
)

// Role is what somebody may do. Each may all that the ones before it may.
type Role int

// The roles.
const (
	Nobody   Role = iota
	Viewer        // look at everything
	Operator      // wish, cancel, lock and repair boards
	Admin         // reload, change images and inventory
)

var roleNames = []string{"nobody", "viewer", "operator", "admin"}

func (r Role) String() string {
	if r < Nobody || r > Admin {
		return fmt.Sprintf("role %d", int(r))
	}
	return roleNames[r]
}

// UnmarshalText reads viewer, operator or admin.
func (r *Role) UnmarshalText(text []byte) error {
	i := slices.Index(roleNames, string(text))
	if i < int(Viewer) {
		return fmt.Errorf("%q is no role: write viewer, operator or admin", text)
	}
	*r = Role(i)
	return nil
}

// MarshalText gives the role's name.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Caller is who asks.
type Caller struct {
	Name  string // as shown in locks, attempts and the audit log
	Role  Role
	Racks []string // only boards of these racks may be changed; nil: of all
	From  string   // address
}

// May says whether the caller may do what takes a role.
func (c Caller) May(need Role) bool { return c.Role >= need }

// MayChange says whether the caller may change boards of a rack.
func (c Caller) MayChange(rack string) bool { return c.Racks == nil || slices.Contains(c.Racks, rack) }
