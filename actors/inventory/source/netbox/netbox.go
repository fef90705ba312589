// Package netbox lists the boards that a NetBox knows, by its REST API (v4).
//
// It decides which of a device's fields becomes which of a board's, and that a
// list is whole: what was shifted between two pages, or cut off, is asked for
// again. A device that cannot be used is a record with reasons; a record without
// an id, which could be any board, spoils the list instead. It refuses to write
// to NetBox. Package keeper calls it; how it asks is in DESIGN.md.
package netbox

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/source/record"
	"mozpool/actors/inventory/source/web"
)

// Config says which NetBox is asked for what.
type Config struct {
	Title string // name of the source
	URL   string // of NetBox, without /api
	Token web.Token
	// Filter is what stands behind the ? in the address of a filtered device
	// list: role=board&status=active. Required.
	Filter string
	// Interface is the name of the one that boards boot from; empty: the only
	// one that has a MAC and is not for management only.
	Interface string
	// Fields say where a board's rack, hardware, power, address, console and
	// name stand, see Origins. What is missing is as in DefaultFields; what is
	// empty is not read.
	Fields map[string]string
	// Racks and Hardware translate what NetBox says; what is missing stays.
	Racks, Hardware map[string]string
	// Prefix of the boards' ids, before NetBox's own; empty: netbox. Two
	// NetBoxes need two.
	Prefix string
	Power  inventory.ParsePower // whether a power line is well formed; nil: all are
	Web    web.Options          // Token and Authorize are the source's own
}

// Source is a NetBox. Make it with New.
type Source struct {
	c      Config
	site   *web.Site
	filter url.Values
	fields map[string][]string // of the board → path in the device; empty: not read
}

// New makes a source. The error says what is wrong with c.
func New(c Config) (*Source, error) {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("inventory source %s: %s", c.Title, fmt.Sprintf(format, args...))
	}
	if err := CheckFields(c.Fields); err != nil {
		return nil, bad("fields: %v", err)
	}
	filter, err := ParseFilter(c.Filter)
	if err != nil {
		return nil, bad("%v", err)
	}
	if c.Prefix == "" {
		c.Prefix = "netbox"
	}
	c.Web.Token = c.Token
	c.Web.Authorize = authorize
	site, err := web.New(c.Title, c.URL, c.Web)
	if err != nil {
		return nil, err
	}
	s := &Source{c: c, site: site, filter: filter, fields: make(map[string][]string)}
	for field, origin := range DefaultFields {
		if own, ok := c.Fields[field]; ok {
			origin = own
		}
		s.fields[field], _ = pathOf(origin) // checked above
	}
	return s, nil
}

// authorize sends a token as its kind wants: those of NetBox 4.5 and later name
// themselves, older ones are bare digits.
func authorize(r *http.Request, secret string) {
	scheme := "Token "
	if strings.HasPrefix(secret, "nbt_") {
		scheme = "Bearer "
	}
	r.Header.Set("Authorization", scheme+secret)
}

// Name is that of the configuration.
func (s *Source) Name() string { return s.c.Title }

// Where is the list that is asked for, without the token.
func (s *Source) Where() string {
	return s.endpoint("dcim/devices/", s.filter).String()
}

// Fetch returns the whole list. Not to be called twice at a time.
func (s *Source) Fetch(ctx context.Context) ([]inventory.Record, error) {
	var devices []*device
	err := s.list(ctx, "dcim/devices/", s.deviceQuery(), func(data json.RawMessage) (string, error) {
		d, err := s.device(data)
		if err != nil {
			return "", err
		}
		devices = append(devices, d)
		return d.id, nil
	}, func() { devices = nil })
	if err != nil {
		return nil, err
	}
	if err := s.findMACs(ctx, devices); err != nil {
		return nil, err
	}
	records := make([]inventory.Record, len(devices))
	for i, d := range devices {
		records[i] = d.record.Record(s.c.Title, d.board, s.c.Power)
	}
	return records, nil
}

// device is one device on its way to become a board.
type device struct {
	id     string // NetBox's
	record *record.Reader
	board  record.Board
}
