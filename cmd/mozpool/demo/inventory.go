package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/source/mozilla/mozillasim"
	"mozpool/actors/inventory/source/netbox/netboxsim"
	"mozpool/httpapi/client"
	"mozpool/netboot/boardsim"
)

// Kinds of inventory that a demo can have.
const (
	NetBox  = "netbox"
	Mozilla = "mozilla"
)

var inventoryNames = map[string]string{NetBox: "NetBox", Mozilla: "inventory of Mozilla's"}

// What the pretended inventories ask for; nobody but the demo's server comes.
const (
	inventoryUser  = "demo"
	inventoryToken = "nbt_demo.demo"
	tokenFile      = "inventory.token"
)

// validateInventory reports what makes a demo with an inventory impossible.
func (o *Options) validateInventory() error {
	switch {
	case o.Inventory != "" && o.Inventory != NetBox && o.Inventory != Mozilla:
		return fmt.Errorf("--inventory=%s: netbox or mozilla; netbox is the default", o.Inventory)
	case o.Inventory != "" && o.several():
		return errors.New("--inventory: for one server and one rack only")
	}
	return nil
}

// inventorySite is a pretended inventory in this process.
type inventorySite struct {
	kind, url string
	server    http.Server
	ended     chan error
}

// openInventory makes the inventory that lists the rack's boards, on loopback.
func openInventory(ctx context.Context, kind string, boards []inventory.Spec) (*inventorySite, error) {
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the inventory: %w", err)
	}
	s := &inventorySite{kind: kind, url: "http://" + l.Addr().String(), ended: make(chan error, 1),
		server: http.Server{Handler: pretend(kind, boards), ReadHeaderTimeout: time.Minute}}
	go func() { s.ended <- s.server.Serve(l) }()
	return s, nil
}

// pretend is an inventory of the kind, with the boards.
func pretend(kind string, boards []inventory.Spec) http.Handler {
	if kind == Mozilla {
		hosts := make([]mozillasim.Host, len(boards))
		for i, b := range boards {
			hosts[i] = mozillasim.FromSpec(b)
		}
		moz := mozillasim.New(mozillasim.Options{User: inventoryUser, Password: inventoryToken})
		moz.Set(hosts...)
		return moz
	}
	devices := make([]netboxsim.Device, len(boards))
	for i, b := range boards {
		devices[i] = netboxsim.FromSpec(b)
	}
	box := netboxsim.New(netboxsim.Options{Token: inventoryToken})
	box.Set(devices...)
	return box
}

// config is the inventory section of mozpool.yaml, as an operator would write it.
func (s *inventorySite) config() string {
	if s.kind == Mozilla {
		return fmt.Sprintf("inventory: {sources: [{name: inventory, mozilla: %q, user: %s, token_file: %s, filter: %s, racks: {%q: %s}}]}\n",
			s.url, inventoryUser, tokenFile, mozillasim.Filter, mozillasim.ServerOf(rackName), rackName)
	}
	return fmt.Sprintf("inventory: {sources: [{name: inventory, netbox: %q, token_file: %s, filter: %q}]}\n", s.url, tokenFile, netboxsim.Filter)
}

// Close ends the inventory.
func (s *inventorySite) Close() error {
	err := s.server.Close()
	if ended := <-s.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

// fill has the server take the boards from the inventory, if there is one, and waits until it has.
func (r *Rack) fill(ctx context.Context) error {
	if r.inventory == nil {
		return nil
	}
	c, err := client.New(r.Server.APIURL(), client.Options{User: "demo"})
	if err != nil {
		return err
	}
	defer c.CloseIdle()
	i, err := c.SyncInventory(ctx)
	if err != nil {
		return fmt.Errorf("take the boards from the inventory: %w", err)
	}
	for _, skip := range i.Skipped {
		return fmt.Errorf("take the boards from the inventory: %s was skipped: %s", skip.Name, skip.Reason)
	}
	return nil
}

// specs are the rack's boards as an inventory knows them.
func (r *Rack) specs(boards int) []inventory.Spec {
	out := make([]inventory.Spec, boards)
	for i := range out {
		p := boardsim.PlaceOf(i, perRelayBoard)
		out[i] = inventory.Spec{ID: strconv.Itoa(i + 1), Name: boardsim.NameOf(i + 1), MAC: inventory.MAC(boardsim.MACOf(i + 1).String()), Rack: rackName,
			Hardware: hardware, Power: fmt.Sprintf("%s:bank%d:relay%d", r.Relays[p.RelayBoard].Addr(), p.Bank, p.Relay),
			Address: boardsim.AddressOf(boardsim.DefaultBase, i+1), Place: fmt.Sprintf("chassis %d slot %d", p.RelayBoard+1, i%perRelayBoard+1)}
	}
	return out
}
