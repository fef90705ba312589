package mozilla

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/source/fleetsim"
	"mozpool/actors/inventory/source/mozilla/mozillasim"
	"mozpool/actors/inventory/source/web"
	"mozpool/actors/inventory/source/websim"
)

const secret = "pass word"

// bench is an inventory, a source that asks it, and the pauses that it makes.
type bench struct {
	*mozillasim.Inventory
	pauses []time.Duration
	config Config
}

func newBench(t *testing.T, o mozillasim.Options) *bench {
	t.Helper()
	o.User, o.Password = "mozpool", secret
	b := &bench{Inventory: mozillasim.New(o)}
	server := httptest.NewServer(b.Inventory)
	t.Cleanup(server.Close)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.config = Config{Title: "moz", URL: server.URL, User: "mozpool", Token: web.Token{File: password}, Filter: mozillasim.Filter,
		Web: web.Options{Client: server.Client(), Pause: func(_ context.Context, d time.Duration) error {
			b.pauses = append(b.pauses, d)
			return nil
		}}}
	return b
}

func (b *bench) source(t *testing.T) *Source {
	t.Helper()
	s, err := New(b.config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *bench) fetch(t *testing.T) ([]inventory.Record, error) {
	t.Helper()
	return b.source(t).Fetch(t.Context())
}

func host(pk int) mozillasim.Host {
	return mozillasim.Host{PK: pk, Name: fmt.Sprintf("panda-%04d.p1.example.com", pk), Status: "production", Vendor: "Pandaboard", Model: "ES Rev B2",
		Server: "mobile-imaging-001.p1.example.com", Relay: fmt.Sprintf("panda-relay-001.p1.example.com:bank1:relay%d", pk%8+1), MAC: fmt.Sprintf("02:00:00:00:00:%02X", pk)}
}

// Both shapes, numbers and addresses, give the same board.
func TestShapes(t *testing.T) {
	t.Parallel()
	for _, addresses := range []bool{false, true} {
		for _, old := range []bool{false, true} {
			b := newBench(t, mozillasim.Options{Addresses: addresses})
			b.config.Racks, b.config.Hardware = map[string]string{"mobile-imaging-001.p1.example.com": "p1"}, map[string]string{"Pandaboard ES Rev B2": "panda"}
			h := host(3)
			h.Old = old
			b.Set(h)
			records, err := b.fetch(t)
			if err != nil || len(records) != 1 || len(records[0].Problems) > 0 {
				t.Fatalf("%+v, %v", records, err)
			}
			want := inventory.Spec{ID: "mozilla:3", Name: "panda-0003", MAC: "02:00:00:00:00:03", Rack: "p1", Hardware: "panda",
				Power: "panda-relay-001.p1.example.com:bank1:relay4", Source: "moz"}
			if !records[0].Spec.Equal(want) {
				t.Errorf("got %+v", records[0].Spec)
			}
		}
	}
}

// Without translations the rack is the imaging server, and the hardware the model.
func TestUntranslated(t *testing.T) {
	t.Parallel()
	b := newBench(t, mozillasim.Options{})
	b.Set(host(3))
	b.config.Prefix = "old"
	records, err := b.fetch(t)
	if err != nil || records[0].Spec.Rack != "mobile-imaging-001.p1.example.com" || records[0].Spec.Hardware != "ES Rev B2" || records[0].Spec.ID != "old:3" {
		t.Errorf("%+v, %v", records, err)
	}
}

// Hosts that are gone, are of ignored imaging servers, or do not match, are no boards; their removal is the inventory's word.
func TestNoBoards(t *testing.T) {
	t.Parallel()
	b := newBench(t, mozillasim.Options{})
	gone, ignored, other := host(1), host(2), host(3)
	gone.Status, ignored.Server, other.Name = "Decommissioned", "mobile-imaging-staging.p9.example.com", "switch1.example.com"
	b.Set(gone, ignored, other, host(4))
	b.config.Ignore = regexp.MustCompile(`-staging\.`)
	records, err := b.fetch(t)
	if err != nil || len(records) != 1 || records[0].Spec.ID != "mozilla:4" {
		t.Errorf("%+v, %v", records, err)
	}
}

// A fleet has few statuses and models; each is asked for once a day.
func TestLookupsAreKept(t *testing.T) {
	t.Parallel()
	b := newBench(t, mozillasim.Options{})
	var hosts []mozillasim.Host
	for _, s := range fleetsim.Boards() {
		hosts = append(hosts, mozillasim.FromSpec(s))
	}
	b.Set(hosts...)
	now := time.Unix(1e9, 0)
	b.config.Clock = func() time.Time { return now }
	s := b.source(t)
	for i, want := range []int{2, 2, 4} {
		records, err := s.Fetch(t.Context())
		if err != nil || len(records) != fleetsim.Count || b.Lookups() != want {
			t.Errorf("fetch %d: %d records, %d look-ups, %v", i, len(records), b.Lookups(), err)
		}
		now = now.Add(keepWords / 2)
	}
}

// A host that cannot be used says why, and which field it is; the others are not touched by that.
func TestBadRecords(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*mozillasim.Host)
		key    string // spoiled
		value  any
		want   string
	}{
		"no relay":  {func(h *mozillasim.Host) { h.Relay = "" }, "", nil, "power: the host has no system.relay.0"},
		"no server": {func(h *mozillasim.Host) { h.Server = "" }, "", nil, "rack: the host has no system.imaging_server.0"},
		"no MAC":    {func(h *mozillasim.Host) { h.MAC = "" }, "", nil, "mac: the host has neither"},
		"bad MAC":   {func(h *mozillasim.Host) { h.MAC = "02:00:00" }, "", nil, "mac: "},
		"other MACs": {func(h *mozillasim.Host) {
			h.MAC, h.Registered = "", map[string]string{"nic1 hw0": "02:00:00:00:01:01", "nic2 hw0": "02:00:00:00:01:02"}
		}, "", nil, "nic1 hw0, nic2 hw0"},
		"no model":       {func(h *mozillasim.Host) { h.Vendor, h.Model = "", "" }, "", nil, "hardware: the host has no server_model"},
		"unicode":        {func(h *mozillasim.Host) { h.Name = "panda-ü.example.com" }, "", nil, "name: "},
		"path":           {func(h *mozillasim.Host) { h.Name = "/etc/panda" }, "", nil, "name: "},
		"status is odd":  {nil, "system_status", "production", "status: system_status is"},
		"status is list": {nil, "system_status", []int{3}, "status: system_status is a list"},
		"no such model":  {nil, "server_model", 77, "hardware: server_model is 77, and the inventory has nothing at"},
		"keys are texts": {nil, "keyvalue_set", "none", "power: keyvalue_set is the text"},
		"relay is list":  {nil, "keyvalue_set", map[string]any{"system.relay.0": map[string]any{"value": []int{1}}}, "power: keyvalue_set.system.relay.0.value is a list"},
		"no sets":        {nil, "staticreg_set", nil, "mac: the host has neither"},
		"sets are lists": {nil, "staticreg_set", []int{1}, "mac: the host has neither"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, mozillasim.Options{})
			one, two := host(1), host(2)
			if tc.change != nil {
				tc.change(&one)
			}
			b.Set(one, two)
			if tc.key != "" {
				b.Spoil(one.Name, tc.key, tc.value)
			}
			records, err := b.fetch(t)
			if err != nil || len(records) != 2 {
				t.Fatalf("%+v, %v", records, err)
			}
			bad, good := records[0], records[1]
			if bad.Spec.ID != "mozilla:1" {
				bad, good = good, bad
			}
			if got := strings.Join(bad.Problems, "\n"); !strings.Contains(got, tc.want) || bad.Spec.ID != "mozilla:1" || len(good.Problems) > 0 {
				t.Errorf("%q, and the other %q", got, good.Problems)
			}
		})
	}
}

// What may be over soon is tried again; what is no whole list changes nothing.
func TestTroubles(t *testing.T) {
	t.Parallel()
	type ts = []websim.Trouble
	for name, tc := range map[string]struct {
		next   ts
		always websim.Trouble
		want   string // of the error; empty: it ends well
		pauses string
	}{
		"rate limit":        {ts{{Status: 429, RetryAfter: 7}}, websim.Trouble{}, "", "[7s]"},
		"down":              {nil, websim.Trouble{Status: 503}, "503", "[2s 4s]"},
		"cut":               {nil, websim.Trouble{Cut: true}, "cut off after", "[2s 4s]"},
		"short once":        {ts{{Short: true}}, websim.Trouble{}, "", "[2s]"},
		"short":             {nil, websim.Trouble{Short: true}, "cut off after", "[2s 4s]"},
		"look-up cut":       {ts{{}}, websim.Trouble{Cut: true}, "systemstatus", "[2s 4s]"},
		"look-up is a page": {ts{{}}, websim.Trouble{Body: "<html>"}, "no status and no model", "[2s 4s]"},
		"endless":           {nil, websim.Trouble{Endless: true}, "larger than", "[]"},
		"a page":            {nil, websim.Trouble{Body: "<html>log in</html>"}, "no export of systems", "[]"},
		"other JSON":        {nil, websim.Trouble{Body: `{"devices": []}`}, "without /en-US", "[]"},
		"no pk":             {nil, websim.Trouble{Body: `{"systems": {"b1": {}}}`}, "host b1 has no pk", "[]"},
		"no object":         {nil, websim.Trouble{Body: `{"systems": {"b1": []}}`}, "host b1: it is a list", "[]"},
		"redirect":          {nil, websim.Trouble{Redirect: "http://elsewhere.invalid/"}, "elsewhere.invalid", "[2s 4s]"},
		"wrong password":    {nil, websim.Trouble{Status: 401}, "user and password", "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, mozillasim.Options{})
			b.Set(host(1))
			b.BreakNext(tc.next...)
			b.Break(tc.always)
			b.config.Web.MaxBytes = 1 << 20
			records, err := b.fetch(t)
			switch {
			case tc.want == "" && (err != nil || len(records) != 1):
				t.Errorf("%d records, %v", len(records), err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "inventory source moz")):
				t.Errorf("%v", err)
			}
			if got := fmt.Sprint(b.pauses); got != tc.pauses {
				t.Errorf("pauses %s", got)
			}
		})
	}
}

// A status that is asked for in vain is a reason; one that is found again is none.
func TestLostStatus(t *testing.T) {
	t.Parallel()
	b := newBench(t, mozillasim.Options{})
	b.Set(host(1))
	b.Lose("production")
	records, err := b.fetch(t)
	if err != nil || len(records) != 1 || len(records[0].Problems) != 1 || !strings.HasPrefix(records[0].Problems[0], "status: ") {
		t.Errorf("%+v, %v", records, err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Title: "moz", URL: "https://inventory.example/", Filter: "panda & p1"})
	if err != nil || s.Name() != "moz" || s.Where() != "https://inventory.example/en-US/bulk_action/export/?q=panda+%26+p1" {
		t.Errorf("%v %v", s.Where(), err)
	}
	for _, c := range []Config{{Title: "moz", URL: "https://inventory.example"}, {Title: "moz", URL: "inventory", Filter: "x"}} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), "source moz") {
			t.Error(err)
		}
	}
}
