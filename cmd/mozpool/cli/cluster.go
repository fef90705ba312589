package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	v1 "mozpool/httpapi/v1"
)

// Cluster is the part of "mozpool cluster" that asks the server. Plugins are the main package's verbs, which work on
// files.
type Cluster struct {
	Format
	kong.Plugins
	Members  ClusterMembers  `cmd:"" help:"List servers: what gossip, sessions and the log say of each."`
	Racks    ClusterRacks    `cmd:"" help:"List racks and who holds them."`
	Status   ClusterStatus   `cmd:"" help:"Say in a sentence whether the cluster can do its work; exit 1 if not."`
	Join     ClusterJoin     `cmd:"" help:"Have the server look for others at an address, and be taken in by them if it is of no cluster yet."`
	Transfer ClusterTransfer `cmd:"" help:"Hand the lead of the log, not a rack, to a server."`
	Remove   ClusterRemove   `cmd:"" help:"Take a server out for good, and free its name."`
	Drain    ClusterDrain    `cmd:"" help:"Have a server hand its racks to others, and hold none."`
	Undrain  ClusterUndrain  `cmd:"" help:"Let a server hold racks again."`
}

// ClusterMembers is "mozpool cluster members".
type ClusterMembers struct{}

// Run lists the servers.
func (*ClusterMembers) Run(c *Context) error {
	all, err := c.Client.Cluster(c.Context)
	return c.members(all, err)
}

const alone = "this server is by itself: it has no cluster in its mozpool.yaml, and needs none for its racks"

func (c *Context) members(all v1.Cluster, err error) error {
	if err == nil && len(all.Servers) == 0 && c.forPeople() {
		_, _ = fmt.Fprintln(c.Err, alone) // the empty list says the same
	}
	return list(c, all.Servers, err, []string{"NAME", "GOSSIP", "SESSION", "LOG", "RACKS", "VERSION", "ADDRESS", "API"},
		func(s v1.ClusterServer) string { return s.Name },
		func(s v1.ClusterServer) []cell {
			racks := strings.Join(append([]string{strings.Join(s.Racks, ",")}, remarks(s)...), " ")
			return []cell{plain(s.Name), good(s.Gossip, "there", "silent"), good(s.Session, "live", "silent"), plain(vote(s)), plain(strings.TrimSpace(racks)),
				plain(s.Version), plain(s.Address), plain(s.API)}
		})
}

// clocksApart is from where on a clock that is wrong is worth a word, in seconds.
const clocksApart = 2

// remarks are what people should know of a server, each in parentheses.
func remarks(s v1.ClusterServer) (all []string) {
	if s.Drained {
		all = append(all, "(drained)")
	}
	if len(s.Trouble) > 0 {
		all = append(all, "("+strings.Join(s.Trouble, "; ")+")")
	}
	switch ahead := time.Duration(s.ClockAhead * float64(time.Second)).Round(time.Second); {
	case s.ClockAhead >= clocksApart:
		all = append(all, fmt.Sprintf("(clock %v ahead)", ahead))
	case s.ClockAhead <= -clocksApart:
		all = append(all, fmt.Sprintf("(clock %v behind)", -ahead))
	}
	return all
}

func good(is bool, yes, no string) cell {
	if is {
		return plain(yes)
	}
	bad := plain(no)
	bad.color = red
	return bad
}

// vote is a server's part in the log.
func vote(s v1.ClusterServer) string {
	switch {
	case !s.Member:
		return "not taken in"
	case s.Leads:
		return "leads"
	case s.Votes:
		return "votes"
	}
	return "follows"
}

// ClusterRacks is "mozpool cluster racks".
type ClusterRacks struct{}

// Run lists the racks.
func (*ClusterRacks) Run(c *Context) error {
	all, err := c.Client.Cluster(c.Context)
	return list(c, all.Racks, err, []string{"NAME", "HOLDER", "SESSION", "EPOCH", "SERVERS", "TAKE-OVER"},
		func(r v1.ClusterRack) string { return r.Name },
		func(r v1.ClusterRack) []cell {
			return []cell{plain(r.Name), plain(cmp.Or(r.Holder, "nobody")), good(r.Live, "live", c.silent(r)), plain(fmt.Sprint(r.Epoch)),
				plain(strings.Join(r.Servers, ",")), plain(r.TakeOver)}
		})
}

// silent says since when the holder of a rack has not been heard, and so how old what is known of its boards is.
func (c *Context) silent(r v1.ClusterRack) string {
	if r.AsOf == nil {
		return "silent"
	}
	return "silent for " + age(c.Now(), *r.AsOf)
}

// ClusterStatus is "mozpool cluster status".
type ClusterStatus struct{}

// Run says how the cluster is.
func (*ClusterStatus) Run(c *Context) error {
	all, err := c.Client.Cluster(c.Context)
	if err != nil {
		return coded(err)
	}
	text, ok := clusterSummary(all)
	if c.forPeople() {
		_, err = fmt.Fprintln(c.Out, text)
	} else {
		err = c.show(all, []string{all.ID}, nil)
	}
	if err != nil {
		return coded(err)
	}
	if !ok {
		return &Error{Exit: ExitFailed, Err: fmt.Errorf("see mozpool cluster members and mozpool cluster racks")}
	}
	return nil
}

// clusterSummary says what works and what does not; ok: all does.
func clusterSummary(all v1.Cluster) (text string, ok bool) {
	if all.ID == "" {
		return "this server is by itself", true
	}
	var silent, unheld []string
	for _, s := range all.Servers {
		if s.Name != all.Server && !s.Session || !s.Member {
			silent = append(silent, s.Name)
		}
	}
	for _, r := range all.Racks {
		if r.Holder == "" || !r.Live {
			unheld = append(unheld, r.Name)
		}
	}
	text = fmt.Sprintf("cluster %s: %d servers, %d racks, led by %s", all.ID, len(all.Servers), len(all.Racks), cmp.Or(all.Leader, "nobody: nothing can be stored"))
	if len(silent) > 0 {
		text += "; silent: " + strings.Join(silent, ", ")
	}
	if len(unheld) > 0 {
		text += "; racks that nobody serves: " + strings.Join(unheld, ", ")
	}
	return text, all.Leader != "" && len(silent)+len(unheld) == 0
}

// ClusterJoin is "mozpool cluster join".
type ClusterJoin struct {
	Gossip string `arg:"" placeholder:"HOST:PORT" help:"Another server's cluster.gossip."`
}

// Run has the server look there.
func (o *ClusterJoin) Run(c *Context) error { return c.members(c.Client.Join(c.Context, o.Gossip)) }

// ClusterServer is the argument of verbs that are about one server.
type ClusterServer struct {
	Name string `arg:"" name:"server" help:"Name of the server."`
}

// ClusterTransfer is "mozpool cluster transfer".
type ClusterTransfer struct{ ClusterServer }

// Run hands the lead over.
func (o *ClusterTransfer) Run(c *Context) error {
	return c.members(c.Client.Transfer(c.Context, o.Name))
}

// ClusterRemove is "mozpool cluster remove".
type ClusterRemove struct{ ClusterServer }

// Run removes a server.
func (o *ClusterRemove) Run(c *Context) error { return c.members(c.Client.Remove(c.Context, o.Name)) }

// ClusterDrain is "mozpool cluster drain".
type ClusterDrain struct{ ClusterServer }

// Run drains a server.
func (o *ClusterDrain) Run(c *Context) error {
	all, err := c.Client.Drain(c.Context, o.Name)
	if err == nil && c.forPeople() && !slices.ContainsFunc(all.Servers, func(s v1.ClusterServer) bool { return !s.Drained && s.Session }) {
		_, _ = fmt.Fprintln(c.Err, "(no server is left that may hold racks: they stay where they are until one is undrained)") // the list says the same
	}
	return c.members(all, err)
}

// ClusterUndrain is "mozpool cluster undrain".
type ClusterUndrain struct{ ClusterServer }

// Run ends a drain.
func (o *ClusterUndrain) Run(c *Context) error { return c.members(c.Client.Undrain(c.Context, o.Name)) }
