// Package mozilla lists the boards that Mozilla's inventory knows, the system
// that mozpool was first made for.
//
// It decides which host is a board, and what its keys say of it; hosts that are
// decommissioned, or on an imaging server that is to be ignored, are none. Hosts
// that lack something are records with reasons, so that their boards stay. It
// refuses to write to the inventory. Package keeper calls it.
package mozilla

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/source/record"
	"mozpool/actors/inventory/source/web"
)

// Config says which inventory is asked for what.
type Config struct {
	Title string // name of the source
	URL   string // of the inventory, without /en-US
	// User and the secret of Token are the name and the password. No user: no
	// credentials are sent.
	User  string
	Token web.Token
	// Filter is the expression of the inventory's search. Required.
	Filter string
	// Ignore matches the imaging servers whose hosts are no boards; nil: none.
	Ignore *regexp.Regexp
	// Racks translates imaging servers, Hardware models ("vendor model" or
	// "model"). What is missing stays as it is.
	Racks, Hardware map[string]string
	// Prefix of the boards' ids, before the inventory's own; empty: mozilla.
	Prefix string
	Power  inventory.ParsePower // whether a power line is well formed; nil: all are
	Web    web.Options          // Token and Authorize are the source's own
	Clock  func() time.Time     // nil: time.Now
}

// Source is an inventory. Make it with New.
type Source struct {
	c    Config
	site *web.Site

	// What was looked up, by path, and since when.
	words map[string]words
	since time.Time
}

// The keys of a host.
const (
	relayKey  = "system.relay.0"
	serverKey = "system.imaging_server.0"
	macKey    = "nic.0.mac_address.0"
)

// New makes a source. The error says what is wrong with c.
func New(c Config) (*Source, error) {
	if c.Filter == "" {
		return nil, fmt.Errorf("inventory source %s: %w", c.Title, ErrNoFilter)
	}
	if c.Prefix == "" {
		c.Prefix = "mozilla"
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	c.Web.Token = c.Token
	c.Web.Authorize = func(r *http.Request, secret string) { r.SetBasicAuth(c.User, secret) }
	site, err := web.New(c.Title, c.URL, c.Web)
	if err != nil {
		return nil, err
	}
	return &Source{c: c, site: site}, nil
}

// ErrNoFilter says what is wrong with an empty Config.Filter.
var ErrNoFilter = errors.New("wants a filter, for the inventory has more than boards; write the expression that its search takes")

// Name is that of the configuration.
func (s *Source) Name() string { return s.c.Title }

// Where is the export that is asked for, without credentials.
func (s *Source) Where() string { return s.export().String() }

func (s *Source) export() *url.URL {
	return s.endpoint("/en-US/bulk_action/export/", url.Values{"q": {s.c.Filter}})
}

func (s *Source) endpoint(path string, query url.Values) *url.URL {
	u := s.site.At()
	u.Path = strings.TrimSuffix(u.Path, "/") + path
	u.RawQuery = query.Encode()
	return u
}

// Fetch returns the whole list, sorted by host. Not to be called twice at a
// time.
func (s *Source) Fetch(ctx context.Context) ([]inventory.Record, error) {
	var systems map[string]json.RawMessage
	err := s.site.Get(ctx, s.export(), nil, func(a web.Answer) error {
		var err error
		systems, err = systemsOf(a.Body)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.forget()
	var records []inventory.Record
	for _, host := range slices.Sorted(maps.Keys(systems)) {
		r, is, err := s.host(ctx, host, systems[host])
		if err != nil {
			return nil, err
		}
		if is {
			records = append(records, r)
		}
	}
	return records, nil
}

// systemsOf reads an export; one that ends too early may be whole the next time.
func systemsOf(body []byte) (map[string]json.RawMessage, error) {
	var export struct {
		Systems map[string]json.RawMessage `json:"systems"`
	}
	err := json.Unmarshal(body, &export)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(body)):
		return nil, web.Again(fmt.Errorf("the answer is cut off after %d bytes", len(body)))
	case err != nil || export.Systems == nil:
		return nil, errors.New("the answer is no export of systems; write the address of the inventory itself, without /en-US")
	}
	return export.Systems, nil
}

// host reads one host; false: it is no board. An error means that the host has
// no id, or that the inventory could not be asked what its words mean.
func (s *Source) host(ctx context.Context, host string, data json.RawMessage) (inventory.Record, bool, error) {
	r, err := record.New(data)
	if err != nil {
		return inventory.Record{}, false, fmt.Errorf("inventory source %s: host %s: %w", s.c.Title, host, err)
	}
	id, ok := r.Value("pk").(json.Number)
	if !ok {
		return inventory.Record{}, false, fmt.Errorf("inventory source %s: host %s has no pk", s.c.Title, host)
	}
	server := key(r, "rack", serverKey)
	if s.c.Ignore != nil && server != "" && s.c.Ignore.MatchString(server) {
		return inventory.Record{}, false, nil
	}
	status, err := s.look(ctx, r, "status", "system_status", "systemstatus")
	if err != nil || strings.EqualFold(status.Status, decommissioned) {
		return inventory.Record{}, false, err
	}
	name, _, _ := strings.Cut(host, ".")
	b := record.Board{ID: s.c.Prefix + ":" + id.String(), Name: name, MAC: mac(r), Power: key(r, "power", relayKey), Rack: server}
	if to, ok := s.c.Racks[server]; ok {
		b.Rack = to
	}
	if b.Hardware, err = s.hardware(ctx, r); err != nil {
		return inventory.Record{}, false, err
	}
	for field, k := range map[string]string{"power": relayKey, "rack": serverKey} {
		if key(r, field, k) == "" {
			r.Problem(field, "the host has no "+k+"; add it in the inventory, or narrow the filter if it is no board")
		}
	}
	return r.Record(s.c.Title, b, s.c.Power), true, nil
}

// key is a host's value of a key.
func key(r *record.Reader, field, name string) string {
	return r.Text(field, "keyvalue_set", name, "value")
}
