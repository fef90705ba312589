package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"mozpool/cmd/mozpool/config"
	"mozpool/cmd/mozpool/server"
	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/boardsim"
	"mozpool/relayproto"
	"mozpool/relayproto/relaysim"
)

const (
	perRelayBoard = 14
	wishesAtOnce  = 16
	rackName      = "r1"
)

// Rack is a server with a simulated rack behind it.
type Rack struct {
	Server *server.Server // opened by NewRack; the caller runs it
	Boards *boardsim.Rack
	Relays []*relaysim.Board
	wiring wiring
	// inventory lists the boards; nil: a file does.
	inventory *inventorySite
	peace     atomic.Bool // nothing is to break any more
	dir       string
}

// NewRack makes files, relay boards, a server and boards, in a folder of its own. Boards have power, and empty cards.
// With an inventory the server has no boards until it runs and is asked to sync.
// The caller runs the server, and calls Close when that has ended.
func NewRack(ctx context.Context, o Options) (_ *Rack, err error) {
	r := &Rack{}
	r.wiring.cross(o.Faults)
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	if r.dir, err = os.MkdirTemp("", "mozpool-demo-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	if err := r.plugRelays(o); err != nil {
		return nil, err
	}
	if o.Inventory != "" {
		if r.inventory, err = openInventory(ctx, o.Inventory, r.specs(o.Boards)); err != nil {
			return nil, err
		}
	}
	if err := r.writeFiles(o); err != nil {
		return nil, fmt.Errorf("write the rack's files: %w", err)
	}
	cfg, problems, _ := config.Load(filepath.Join(r.dir, configFile))
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if err := r.makeBoards(ctx, o, cfg); err != nil {
		return nil, err
	}
	return r, nil
}

// plugRelays makes a relay board for each perRelayBoard boards.
func (r *Rack) plugRelays(o Options) error {
	for i := range (o.Boards + perRelayBoard - 1) / perRelayBoard {
		b, err := relaysim.Listen("127.0.0.1:0", relaysim.Options{Speed: o.Speed, OnSwitch: func(relay relayproto.Relay, on bool) {
			r.wiring.switched(boardsim.Place{RelayBoard: i, Bank: relay.Bank, Relay: relay.Number}, on)
		}})
		if err != nil {
			return err
		}
		r.Relays = append(r.Relays, b)
	}
	return nil
}

// makeBoards opens the server, whose ports the boards have to know, and plugs the boards in.
func (r *Rack) makeBoards(ctx context.Context, o Options, cfg config.Config) error {
	s, err := server.Open(ctx, cfg, server.Options{Logger: o.Logger, Speed: o.Speed, Version: o.Version, Commit: o.Commit})
	if err != nil {
		return err
	}
	addrs := s.Racks()[rackName]
	r.Boards, err = boardsim.NewRack(boardsim.RackConfig{Boards: o.Boards, Dir: r.dir, PerRelayBoard: perRelayBoard,
		Board: boardsim.Config{TFTP: addrs.TFTP, UpPort: int(addrs.HTTP.Port()), CardSize: cardSize, Speed: o.Speed, FaultRate: o.FaultRate, Seed: o.Seed, IPXE: o.IPXE}})
	if err != nil {
		return errors.Join(err, closeUnserved(s))
	}
	r.Server = s
	r.wiring.plug(r.Boards)
	return nil
}

// closeUnserved ends a server that never ran: it lets go of everything at the end of its Run.
func closeUnserved(s *server.Server) error {
	ended, end := context.WithCancel(context.Background())
	end()
	return s.Run(ended)
}

// WishAll asks for the image on every board, through the API; those whose relay board is to lose its plug are left to
// that.
func (r *Rack) WishAll(ctx context.Context, faults []Fault) error {
	c, err := client.New(r.Server.APIURL(), client.Options{User: "demo"})
	if err != nil {
		return err
	}
	defer c.CloseIdle()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(wishesAtOnce)
	for _, v := range r.Server.Fleet().Views() {
		if later(v, faults) {
			continue
		}
		g.Go(func() error {
			if _, err := c.Image(ctx, v.Spec.Name, v1.ImageWish{Image: imageName}); err != nil {
				return fmt.Errorf("ask for an image on %s: %w", v.Spec.Name, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// Close ends boards and relay boards and removes the folder. The server has its own end, in Run.
func (r *Rack) Close() error {
	var errs []error
	if r.Boards != nil {
		errs = append(errs, r.Boards.Close())
	}
	if r.inventory != nil {
		errs = append(errs, r.inventory.Close())
	}
	for _, b := range r.Relays {
		errs = append(errs, b.Close())
	}
	if r.dir != "" {
		errs = append(errs, os.RemoveAll(r.dir))
	}
	return errors.Join(errs...)
}
