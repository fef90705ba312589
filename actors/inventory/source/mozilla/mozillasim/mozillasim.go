// Package mozillasim pretends to be Mozilla's system inventory: its export of
// systems, and the look-ups of what the export points to.
//
// It decides how hosts are written down, in the shape of the last inventory or
// of the older one. It refuses to write: what it lists is set from Go. Tests and
// "mozpool demo --inventory=mozilla" call it.
package mozillasim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/source/websim"
)

// Host is a system, as far as boards are concerned.
type Host struct {
	PK            int
	Name          string // with its domain
	Status        string // empty: it points to none
	Vendor, Model string
	Server        string // imaging server; empty: none
	Relay         string // relay info; empty: none
	MAC           string
	// Old hosts have their MAC as a key, later ones in a static registration.
	Old bool
	// Registered are further MACs, by interface and adapter: "nic1 hw0".
	Registered map[string]string
}

// Options shape an inventory.
type Options struct {
	User, Password string // that are accepted; no user: everybody may read
	Addresses      bool   // hosts point to a status by address rather than by number
}

// Inventory is an http.Handler. Make it with New.
type Inventory struct {
	websim.Front
	o Options

	mu      sync.Mutex
	hosts   []Host
	spoiled map[string]map[string]any // host → keys that answer something else
	words   []string                  // statuses and models; their numbers are their places, from 1
	lost    map[string]bool           // words that are looked up in vain
	lookups int
}

// New makes an inventory without hosts.
func New(o Options) *Inventory {
	i := &Inventory{o: o, spoiled: make(map[string]map[string]any), lost: make(map[string]bool)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /en-US/bulk_action/export/", i.export)
	mux.HandleFunc("GET /en-US/core/api/v1_core/systemstatus/{pk}/", i.look(func(word string) any { return map[string]any{"status": word} }))
	mux.HandleFunc("GET /en-US/core/api/v1_core/servermodel/{pk}/", i.look(func(word string) any {
		vendor, model, _ := strings.Cut(word, "\n")
		return map[string]any{"vendor": vendor, "model": model}
	}))
	i.Behind = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); o.User != "" && (user != o.User || password != o.Password) {
			w.Header().Set("WWW-Authenticate", `Basic realm="inventory"`)
			http.Error(w, "Authorization Required", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
	return i
}

// Set replaces the hosts.
func (i *Inventory) Set(hosts ...Host) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.hosts = slices.Clone(hosts)
}

// Spoil makes a key of a host answer any value.
func (i *Inventory) Spoil(host, key string, value any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.spoiled[host] == nil {
		i.spoiled[host] = make(map[string]any)
	}
	i.spoiled[host][key] = value
}

// Lose makes a status, or a model's vendor and model, be looked up in vain.
func (i *Inventory) Lose(word ...string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lost[strings.Join(word, "\n")] = true
}

// Lookups counts those of statuses and models.
func (i *Inventory) Lookups() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.lookups
}

// number is a word's number, or an address with it; nil: there is no word.
func (i *Inventory) number(kind, word string) any {
	if strings.TrimSpace(word) == "" {
		return nil
	}
	at := slices.Index(i.words, word)
	if at < 0 {
		i.words = append(i.words, word)
		at = len(i.words) - 1
	}
	if i.o.Addresses {
		return "/en-US/core/api/v1_core/" + kind + "/" + strconv.Itoa(at+1) + "/"
	}
	return at + 1
}

// export lists the hosts whose names have the text that is searched.
func (i *Inventory) export(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	systems := make(map[string]any)
	for _, h := range i.hosts {
		if !strings.Contains(h.Name, r.URL.Query().Get("q")) {
			continue
		}
		o := i.object(h)
		for key, value := range i.spoiled[h.Name] {
			o[key] = value
		}
		systems[h.Name] = o
	}
	answer(w, map[string]any{"systems": systems})
}

func (i *Inventory) object(h Host) map[string]any {
	keys, registered := make(map[string]any), make(map[string]any)
	add := func(key, value string) {
		if value != "" {
			keys[key] = map[string]any{"value": value}
		}
	}
	add("system.relay.0", h.Relay)
	add("system.imaging_server.0", h.Server)
	register := func(nic, adapter, mac string) {
		registered[nic] = map[string]any{"hwadapter_set": map[string]any{adapter: map[string]any{"mac": mac}}}
	}
	if h.Old {
		add("nic.0.mac_address.0", h.MAC)
	} else if h.MAC != "" {
		register("nic0", "hw0", h.MAC)
	}
	for place, mac := range h.Registered {
		nic, adapter, _ := strings.Cut(place, " ")
		register(nic, adapter, mac)
	}
	return map[string]any{"pk": h.PK, "hostname": h.Name, "system_status": i.number("systemstatus", h.Status),
		"server_model": i.number("servermodel", h.Vendor+"\n"+h.Model), "keyvalue_set": keys, "staticreg_set": registered}
}

// look serves one status or model.
func (i *Inventory) look(shape func(word string) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.lookups++
		n, err := strconv.Atoi(r.PathValue("pk"))
		if err != nil || n < 1 || n > len(i.words) || i.lost[i.words[n-1]] {
			http.NotFound(w, r)
			return
		}
		answer(w, shape(i.words[n-1]))
	}
}

func answer(w http.ResponseWriter, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(data) // the client may have gone
}

// What FromSpec gives hosts: Filter finds them, and Vendor's Model has to be
// translated to the board's hardware.
const (
	Filter = "panda"
	Vendor = "Pandaboard"
)

// FromSpec is the host that the inventory would have for a board. The board's id
// has to be a decimal number; its rack is the imaging server, and its hardware
// the model.
func FromSpec(s inventory.Spec) Host {
	pk, _ := strconv.Atoi(s.ID) // 0 for what is no number, which no inventory has
	return Host{PK: pk, Name: s.Name + "." + Filter + ".example.com", Status: "production", Vendor: Vendor, Model: s.Hardware,
		Server: ServerOf(s.Rack), Relay: s.Power, MAC: strings.ToUpper(string(s.MAC)), Old: pk%2 == 1}
}

// ServerOf is the imaging server of a rack.
func ServerOf(rack string) string { return "mobile-imaging." + rack + ".example.com" }
