package server

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/source/fleetsim"
	"mozpool/actors/inventory/source/mozilla/mozillasim"
	"mozpool/actors/inventory/source/netbox/netboxsim"
	"mozpool/actors/inventory/source/websim"
	"mozpool/cmd/mozpool/config"
	"mozpool/httpapi/client"
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

// inventoried is a server of the pretended fleet's racks, whose boards come from a source.
func inventoried(t *testing.T, dir, source string) (s *Server, api *client.Client, stop func()) {
	t.Helper()
	text := "data: data\nfiles: files\napi: {listen: \"127.0.0.1:0\"}\ninventory: {sources: [{name: lab, token_file: token, " + source + "}]}\nracks:\n"
	for i := range fleetsim.Racks {
		text += "  " + fleetsim.Rack(i) + ": {listen: 127.0.0.1, ports: {http: 0, tftp: 0, syslog: 0}}\n"
	}
	for name, text := range map[string]string{"token": inventorySecret + "\n", "mozpool.yaml": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, problems, _ := config.Load(filepath.Join(dir, "mozpool.yaml"))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	api, err = client.New(s.APIURL(), client.Options{User: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	return s, api, func() {
		api.CloseIdle()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// row is what a test looks at of a board.
func row(ids string, b inventory.Spec) string {
	return fmt.Sprintf("%s%s %s %s %s %s", ids, b.ID, b.Name, b.MAC, b.Rack, b.Power)
}

// differing are the boards that only one of two lists has; empty: they are equal.
func differing(s *Server, ids string, want []inventory.Spec) string {
	count := make(map[string]int)
	for _, b := range want {
		count[row(ids, b)]++
	}
	for _, v := range s.Fleet().Views() {
		count[row("", v.Spec)]--
	}
	var out []string
	for r, n := range count {
		if n != 0 {
			out = append(out, fmt.Sprintf("%+d %s", -n, r))
		}
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Compare(a[3:], b[3:]) })
	return strings.Join(out[:min(len(out), 5)], "\n")
}

// TestInventory keeps a server's boards equal to each kind of source, at the size of the first fleet, through an addition, a
// rename, a move, a removal, outages, an emptied list, a restart while the inventory is away, and a large removal that
// somebody approves.
func TestInventory(t *testing.T) {
	t.Parallel()
	for name, world := range worlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := world.make()
			web := httptest.NewServer(from)
			defer web.Close()
			dir, source := t.TempDir(), fmt.Sprintf(world.config, web.URL)
			s, api, stop := inventoried(t, dir, source)
			defer func() { stop() }()
			sync := func(what string, want []inventory.Spec, fails bool) {
				t.Helper()
				if _, err := api.SyncInventory(t.Context()); (err != nil) != fails {
					t.Errorf("%s: %v", what, err)
				}
				if d := differing(s, world.ids, want); d != "" {
					t.Errorf("%s:\n%s", what, d)
				}
			}
			all := fleetsim.Boards()
			from.set(all)
			sync("a first fill", all, false)
			all = append(all, fleetsim.Board(2000, 3, 13))
			from.set(all)
			sync("an addition", all, false)
			all = slices.Clone(all)
			all[7].Name = "renamed"
			from.set(all)
			sync("a rename", all, false)
			all = slices.Clone(all)
			all[7].Rack, all[7].Power = fleetsim.Rack(9), "127.0.2.79:1:bank4:relay8"
			from.set(all)
			sync("a move to another rack", all, false)
			all = slices.Delete(slices.Clone(all), 100, 102)
			from.set(all)
			sync("a removal", all, false)
			from.Break(websim.Trouble{Status: http.StatusNotFound})
			sync("an outage", all, true)
			from.Break(websim.Trouble{Body: "<html>maintenance</html>"})
			sync("another page", all, true)
			from.Break(websim.Trouble{})
			from.set(nil)
			sync("an empty list", all, true)
			stop()

			s, api, stop = inventoried(t, dir, source)
			if d := differing(s, world.ids, all); d != "" {
				t.Errorf("after a restart:\n%s", d)
			}
			if err := s.Reload(t.Context()); err != nil {
				t.Error(err)
			}
			few := all[:600]
			from.set(few)
			sync("a large removal", all, false)
			p, err := api.InventoryPlan(t.Context())
			if err != nil || len(p.Remove) != len(all)-len(few) {
				t.Fatal(len(p.Remove), err)
			}
			if e, err := api.ApplyInventory(t.Context(), p.ID); err != nil || len(e.Removed) != len(all)-len(few) {
				t.Fatal(e, err)
			}
			sync("approved", few, false)
			if h, err := api.InventoryHistory(t.Context()); err != nil || len(h) != 6 {
				t.Errorf("history %v, %v", h, err)
			}
		})
	}
}
