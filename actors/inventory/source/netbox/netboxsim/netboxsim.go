// Package netboxsim pretends to be a NetBox 4: the part of its REST API that
// lists devices and interfaces.
//
// It decides how NetBox pages, filters, checks tokens and words its errors, as
// far as its documentation and source tell. It refuses to write: what it lists
// is set from Go. Tests and "mozpool demo --inventory" call it.
package netboxsim

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"sync"

	"mozpool/actors/inventory/source/websim"
)

// Device is a device, as far as boards are concerned.
type Device struct {
	ID                 int
	Name               string // empty: it has none
	Site, Rack         string
	Position           float64 // unit in the rack; 0: none
	Role, Type, Status string  // slugs
	Parent, Bay        string  // chassis that it is in; empty: none
	Address            string  // primary, with the length of the network
	Tags               []string
	Custom             map[string]any // custom fields
	Interfaces         []Interface
}

// Interface is one of a device.
type Interface struct {
	Name     string
	MAC      string // the primary one
	MACs     []string
	MgmtOnly bool
}

// Options shape a NetBox.
type Options struct {
	Token   string // that is accepted; empty: everybody may read
	MaxPage int    // objects in a page at most; 0: 1000, NetBox's default
	Old     bool   // interfaces as before 4.2, with one MAC each
	// Public is the address that NetBox believes to have, for links to pages;
	// empty: the one that it is asked at.
	Public string
}

// NetBox is an http.Handler. Make it with New.
type NetBox struct {
	websim.Front
	o Options

	mu      sync.Mutex
	devices []Device
	spoiled map[int]map[string]any // device → keys that answer something else
	paged   func()
}

// New makes a NetBox without devices.
func New(o Options) *NetBox {
	o.MaxPage = cmp.Or(o.MaxPage, 1000)
	n := &NetBox{o: o, spoiled: make(map[int]map[string]any)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/dcim/devices/", n.list(n.deviceList))
	mux.HandleFunc("GET /api/dcim/interfaces/", n.list(n.interfaceList))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusNotFound, map[string]any{"detail": "No such page."})
	})
	n.Behind = n.guard(mux)
	return n
}

// Set replaces the devices.
func (n *NetBox) Set(devices ...Device) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.devices = slices.Clone(devices)
}

// Remove takes devices away.
func (n *NetBox) Remove(ids ...int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.devices = slices.DeleteFunc(slices.Clone(n.devices), func(d Device) bool { return slices.Contains(ids, d.ID) })
}

// Spoil makes a key of a device answer any value, as no NetBox should.
func (n *NetBox) Spoil(id int, key string, value any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.spoiled[id] == nil {
		n.spoiled[id] = make(map[string]any)
	}
	n.spoiled[id][key] = value
}

// AfterPage calls f after each page that is answered; f may change devices.
func (n *NetBox) AfterPage(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.paged = f
}

// guard lets only those in who have the token. NetBox answers 403, not 401.
func (n *NetBox) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Authorization") {
		case "Token " + n.o.Token, "Bearer " + n.o.Token:
		case "":
			if n.o.Token != "" {
				answer(w, http.StatusForbidden, map[string]any{"detail": "No credentials came with the request."})
				return
			}
		default:
			answer(w, http.StatusForbidden, map[string]any{"detail": "The token is not valid."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func answer(w http.ResponseWriter, status int, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte(err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data) // the client may have gone
}
