// Package several images simulated racks with a cluster of servers: each a process of its own, which can be killed,
// frozen and started again, on free ports of loopback.
//
// It decides what the cluster looks like and plays everything around it: relay boards, boards, and the service address
// by which boards find the server that holds their rack. It refuses to help the servers: what they do, they do with
// nothing but their configuration. "mozpool demo --servers" calls it, and so do system tests.
package several

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/boardsim"
)

// Options shape a cluster.
type Options struct {
	Program   string // mozpool
	Servers   int
	Racks     int // each may be served by all servers; their preference goes round
	Boards    int // in all
	Speed     float64
	Seed      uint64
	FaultRate float64
	IPXE      bool // the boards' loader is iPXE, not U-Boot
	// ByURL is a rack, from 1, that has no service address: its boards reach servers under the addresses that their scripts
	// name. 0: there is none.
	ByURL int
	// Inventory: the boards come from a source of the inventory, which one of the servers asks, not from a boards file that
	// each of them reads.
	Inventory bool
	// Times of the boards; zero fields are those of a real one. OnEvent hears what they really do; it must not wait.
	Times   boardsim.Times
	OnEvent func(boardsim.Event)
	// Stall is how long boards may be silent in the middle of their work, before speed divides it; 0: what the table says.
	Stall time.Duration
	// Log gets what the servers log, each line as it is; nil: a file a server in the cluster's folder.
	Log *os.File
	// Few is by how many servers each rack may be served; 0, and racks beyond: by all.
	Few []int
	// Env is asked at each start of a server for what its environment has beside ours; nil: nothing.
	Env func(server string) []string
	// Data are the data folders of the servers; empty, or nil: in the cluster's folder.
	Data []string
	// Site is where all of it is; nil: on loopback.
	Site *Site
}

// Cluster is some servers with simulated racks behind them.
type Cluster struct {
	Servers []*Process
	Racks   []*Rack
	o       Options
	dir     string
	stop    context.CancelFunc
	tasks   sync.WaitGroup
	mu      sync.Mutex
	holders map[string]seat // by rack: of the highest epoch that was heard of
}

// New makes files, keys, relay boards, racks and servers, and starts them. Close ends all.
func New(ctx context.Context, o Options) (_ *Cluster, err error) {
	if o.Site == nil {
		o.Site = onLoopback(o.Servers)
	}
	c := &Cluster{o: o, holders: make(map[string]seat)}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if c.dir, err = os.MkdirTemp("", "mozpool-demo-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	if err := c.layOut(); err != nil {
		return nil, err
	}
	if err := c.writeFiles(); err != nil {
		return nil, fmt.Errorf("write the cluster's files: %w", err)
	}
	for _, p := range c.Servers {
		if err := p.Start(ctx); err != nil {
			return nil, err
		}
	}
	c.tasks.Go(func() { c.follow(watching) })
	for _, r := range c.Racks {
		if err := r.plugBoards(o, c.dir); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// followEvery is how often it is asked who holds which rack: a service address is there within a moment.
const followEvery = 50 * time.Millisecond

// seat is who holds a rack, under which epoch.
type seat struct {
	server string
	epoch  uint64
}

// follow keeps the holders as the servers together know them, until ctx ends: one that is cut off, and does not know
// that its rack has another holder, is outdone by the higher epoch of the others.
func (c *Cluster) follow(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, p := range c.Servers {
		all.Go(func() {
			tick := time.NewTicker(followEvery)
			defer tick.Stop()
			for ctx.Err() == nil {
				select {
				case <-ctx.Done():
				case <-tick.C:
					c.hear(ctx, p)
				}
			}
		})
	}
}

// hear learns from one server who holds what.
func (c *Cluster) hear(ctx context.Context, p *Process) {
	if !p.Running() {
		return
	}
	short, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	all, err := p.Client().Cluster(short)
	if err != nil {
		return // it may be frozen or dead: others know
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range all.Racks {
		if r.Holder != "" && r.Live && r.Epoch >= c.holders[r.Name].epoch {
			c.holders[r.Name] = seat{r.Holder, r.Epoch}
		}
	}
}

// Holder is the server that holds a rack, as far as is known; nil: none was heard of yet.
func (c *Cluster) Holder(rack string) *Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.Servers {
		if p.Name == c.holders[rack].server {
			return p
		}
	}
	return nil
}

// any asks the servers in turn until one answers.
func (c *Cluster) any(ctx context.Context, do func(ctx context.Context, cl *client.Client) error) error {
	var last error
	for _, p := range c.Servers {
		if !p.Running() {
			continue
		}
		short, cancel := context.WithTimeout(ctx, askLimit)
		last = do(short, p.Client())
		cancel()
		if last == nil || ctx.Err() != nil {
			return last
		}
	}
	if last == nil {
		last = errors.New("no server is running")
	}
	return last
}

const askLimit = 2 * time.Second

// Status is the cluster as the first server that answers knows it.
func (c *Cluster) Status(ctx context.Context) (all v1.Cluster, err error) {
	err = c.any(ctx, func(ctx context.Context, cl *client.Client) error {
		all, err = cl.Cluster(ctx)
		return err
	})
	return all, err
}

// Boards are all boards, as the first server that answers shows them.
func (c *Cluster) Boards(ctx context.Context) (all []v1.Board, err error) {
	err = c.any(ctx, func(ctx context.Context, cl *client.Client) error {
		all, err = cl.Boards(ctx, client.Query{})
		return err
	})
	return all, err
}

// WaitHeld waits until every rack is held.
func (c *Cluster) WaitHeld(ctx context.Context) error {
	for {
		held := 0
		all, err := c.Status(ctx)
		for _, r := range all.Racks {
			if r.Holder != "" && r.Live {
				held++
			}
		}
		if err == nil && held == len(c.Racks) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for every rack to be held: %w; %d of %d are: %w", context.Cause(ctx), held, len(c.Racks), err)
		case <-time.After(followEvery):
		}
	}
}

// Close ends servers, boards and relay boards, and removes the folder.
func (c *Cluster) Close() error {
	c.stop()
	var errs []error
	for _, p := range c.Servers {
		errs = append(errs, p.Stop())
	}
	c.tasks.Wait()
	for _, r := range c.Racks {
		errs = append(errs, r.close())
	}
	if c.dir != "" {
		errs = append(errs, os.RemoveAll(c.dir))
	}
	return errors.Join(errs...)
}

// path is a file of the cluster.
func (c *Cluster) path(parts ...string) string {
	return filepath.Join(append([]string{c.dir}, parts...)...)
}
