package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/source/fleetsim"
	"mozpool/actors/inventory/source/mozilla/mozillasim"
	"mozpool/actors/inventory/source/netbox/netboxsim"
	"mozpool/actors/inventory/source/websim"
)

const inventorySecret = "secret"

// pretended is an inventory that a server asks.
type pretended interface {
	http.Handler
	Break(websim.Trouble)
	set(boards []inventory.Spec) // their ids are the inventory's own
}

// worlds are the sources, each with its lines of the configuration; %s is the address.
var worlds = map[string]struct {
	config string
	ids    string // before those of the inventory
	make   func() pretended
}{
	"url":     {`url: "%s/boards"`, "", newSite},
	"mozilla": {`mozilla: "%s", user: mozpool, filter: ` + mozillasim.Filter + `, racks: {` + imagingServers() + `}`, "mozilla:", newMozilla},
	"netbox":  {`netbox: "%s", filter: "` + netboxsim.Filter + `"`, "netbox:", newNetBox},
}

// webSite answers with a list of boards.
type webSite struct {
	websim.Front
	mu   sync.Mutex
	list []byte
}

func newSite() pretended {
	s := &webSite{}
	s.Behind = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+inventorySecret {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		_, _ = w.Write(s.list)
	})
	return s
}

func (s *webSite) set(boards []inventory.Spec) {
	rows := make([]map[string]string, len(boards))
	for i, b := range boards {
		rows[i] = map[string]string{"id": b.ID, "name": b.Name, "mac": string(b.MAC), "rack": b.Rack, "hardware": b.Hardware, "power": b.Power}
	}
	list, _ := json.Marshal(map[string]any{"boards": rows}) // maps of text can be written
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = list
}

type netBox struct{ *netboxsim.NetBox }

func newNetBox() pretended {
	return netBox{netboxsim.New(netboxsim.Options{Token: inventorySecret, MaxPage: 200})}
}

func (n netBox) set(boards []inventory.Spec) {
	devices := make([]netboxsim.Device, len(boards))
	for i, b := range boards {
		devices[i] = netboxsim.FromSpec(b)
	}
	n.Set(devices...)
}

type mozillaInventory struct{ *mozillasim.Inventory }

func newMozilla() pretended {
	return mozillaInventory{mozillasim.New(mozillasim.Options{User: "mozpool", Password: inventorySecret})}
}

func (m mozillaInventory) set(boards []inventory.Spec) {
	hosts := make([]mozillasim.Host, len(boards))
	for i, b := range boards {
		hosts[i] = mozillasim.FromSpec(b)
	}
	m.Set(hosts...)
}

// imagingServers say which rack each has.
func imagingServers() string {
	var out []string
	for i := range fleetsim.Racks {
		out = append(out, fmt.Sprintf("%q: %s", mozillasim.ServerOf(fleetsim.Rack(i)), fleetsim.Rack(i)))
	}
	return strings.Join(out, ", ")
}
