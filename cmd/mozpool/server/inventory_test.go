package server

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/source/fleetsim"
	"mozpool/actors/inventory/source/websim"
	"mozpool/cmd/mozpool/config"
	"mozpool/httpapi/client"
)

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

// follower is a server that follows a pretended inventory.
type follower struct {
	t    *testing.T
	ids  string
	from pretended
	s    *Server
	api  *client.Client
	all  []inventory.Spec // what the server is to have
}

// sync has the server ask, and compares what it has then.
func (f *follower) sync(what string, fails bool) {
	f.t.Helper()
	if _, err := f.api.SyncInventory(f.t.Context()); (err != nil) != fails {
		f.t.Errorf("%s: %v", what, err)
	}
	f.check(what)
}

func (f *follower) check(what string) {
	f.t.Helper()
	if d := differing(f.s, f.ids, f.all); d != "" {
		f.t.Errorf("%s:\n%s", what, d)
	}
}

// change changes the inventory, and has the server follow.
func (f *follower) change(what string, change func(boards []inventory.Spec) []inventory.Spec) {
	f.t.Helper()
	f.all = change(slices.Clone(f.all))
	f.from.set(f.all)
	f.sync(what, false)
}

// TestInventory keeps a server's boards equal to each kind of source, at the size of the first fleet, through an addition, a
// rename, a move, a removal, outages, an emptied list, a restart while the inventory is away, and a large removal that
// somebody approves.
func TestInventory(t *testing.T) {
	t.Parallel()
	for name, world := range worlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &follower{t: t, ids: world.ids, from: world.make()}
			web := httptest.NewServer(f.from)
			defer web.Close()
			dir, source := t.TempDir(), fmt.Sprintf(world.config, web.URL)
			var stop func()
			f.s, f.api, stop = inventoried(t, dir, source)
			f.fewChanges()
			f.outages()
			stop()
			f.s, f.api, stop = inventoried(t, dir, source)
			defer stop()
			f.check("after a restart")
			if err := f.s.Reload(t.Context()); err != nil {
				t.Error(err)
			}
			f.largeRemoval()
		})
	}
}

func (f *follower) fewChanges() {
	f.change("a first fill", func([]inventory.Spec) []inventory.Spec { return fleetsim.Boards() })
	f.change("an addition", func(b []inventory.Spec) []inventory.Spec { return append(b, fleetsim.Board(2000, 3, 13)) })
	f.change("a rename", func(b []inventory.Spec) []inventory.Spec { b[7].Name = "renamed"; return b })
	f.change("a move to another rack", func(b []inventory.Spec) []inventory.Spec {
		b[7].Rack, b[7].Power = fleetsim.Rack(9), "127.0.2.79:1:bank4:relay8"
		return b
	})
	f.change("a removal", func(b []inventory.Spec) []inventory.Spec { return slices.Delete(b, 100, 102) })
}

// outages leave the inventory empty.
func (f *follower) outages() {
	f.from.Break(websim.Trouble{Status: http.StatusNotFound})
	f.sync("an outage", true)
	f.from.Break(websim.Trouble{Body: "<html>maintenance</html>"})
	f.sync("another page", true)
	f.from.Break(websim.Trouble{})
	f.from.set(nil)
	f.sync("an empty list", true)
}

func (f *follower) largeRemoval() {
	few := f.all[:600]
	removed := len(f.all) - len(few)
	f.from.set(few)
	f.sync("a large removal", false)
	p, err := f.api.InventoryPlan(f.t.Context())
	if err != nil || len(p.Remove) != removed {
		f.t.Fatal(len(p.Remove), err)
	}
	if e, err := f.api.ApplyInventory(f.t.Context(), p.ID); err != nil || len(e.Removed) != removed {
		f.t.Fatal(e, err)
	}
	f.all = few
	f.sync("approved", false)
	if h, err := f.api.InventoryHistory(f.t.Context()); err != nil || len(h) != 6 {
		f.t.Errorf("history %v, %v", h, err)
	}
}

// TestTwoInventories has boards come from a NetBox and a file at once: what overlaps is skipped on both sides, by the names of
// both, and an outage of one does not stop the other.
func TestTwoInventories(t *testing.T) {
	t.Parallel()
	box := newNetBox()
	web := httptest.NewServer(box)
	defer web.Close()
	dir := t.TempDir()
	list := func(rows ...string) {
		if err := os.WriteFile(filepath.Join(dir, "own.csv"), []byte("name,id,mac,rack,hardware\n"+strings.Join(rows, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fleet := fleetsim.Boards()[:3]
	const ownRow = "own,own,52:54:00:0f:00:01,p1,panda"
	box.set(fleet)
	list(ownRow, "twin,twin,"+string(fleet[2].MAC)+",p1,panda")
	s, api, stop := inventoried(t, dir, fmt.Sprintf(worlds["netbox"].config, web.URL)+"}, {name: own, file: own.csv")
	defer stop()
	i, err := api.SyncInventory(t.Context())
	if err != nil || len(i.Skipped) != 2 {
		t.Fatalf("%+v, %v", i.Skipped, err)
	}
	for _, skip := range i.Skipped {
		if !strings.Contains(skip.Reason, "of lab") || !strings.Contains(skip.Reason, "of own") || !strings.Contains(skip.Reason, string(fleet[2].MAC)) {
			t.Errorf("%+v", skip)
		}
	}
	want := func(what string, boards ...string) {
		t.Helper()
		var got []string
		for _, v := range s.Fleet().Views() {
			got = append(got, v.Spec.Name)
		}
		slices.Sort(got)
		if fmt.Sprint(got) != fmt.Sprint(boards) {
			t.Errorf("%s: %v", what, got)
		}
	}
	want("overlapping", "own", fleet[0].Name, fleet[1].Name)
	list(ownRow, "other,other,52:54:00:0f:00:02,p1,panda")
	box.Break(websim.Trouble{Status: http.StatusForbidden})
	if _, err := api.SyncInventory(t.Context()); err == nil {
		t.Error("an outage is no error")
	}
	want("one is away", "other", "own", fleet[0].Name, fleet[1].Name)
}
