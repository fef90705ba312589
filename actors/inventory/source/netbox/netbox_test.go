package netbox

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/source/netbox/netboxsim"
	"mozpool/actors/inventory/source/web"
	"mozpool/actors/inventory/source/websim"
)

const secret = "nbt_key.secret"

// bench is a NetBox, a source that asks it, and the pauses that it makes.
type bench struct {
	*netboxsim.NetBox
	url    string
	pauses []time.Duration
	config Config
}

func newBench(t *testing.T, o netboxsim.Options) *bench {
	t.Helper()
	o.Token = secret
	b := &bench{NetBox: netboxsim.New(o)}
	server := httptest.NewServer(b.NetBox)
	t.Cleanup(server.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.url = server.URL
	b.config = Config{Title: "lab", URL: server.URL, Token: web.Token{File: token}, Filter: "role=board&status=active",
		Web: web.Options{Client: server.Client(), Pause: func(_ context.Context, d time.Duration) error {
			b.pauses = append(b.pauses, d)
			return nil
		}}}
	return b
}

func (b *bench) fetch(t *testing.T) ([]inventory.Record, error) {
	t.Helper()
	s, err := New(b.config)
	if err != nil {
		t.Fatal(err)
	}
	return s.Fetch(t.Context())
}

// board is a device that makes a good board.
func board(id int) netboxsim.Device {
	return netboxsim.Device{ID: id, Name: fmt.Sprintf("panda-%04d", id), Site: "Lab 1", Rack: "R 7", Position: 12, Role: "board", Type: "panda", Status: "active",
		Tags: []string{"pool:ci", "flaky"}, Address: "10.91.0.5/24",
		Custom:     map[string]any{"mozpool_rack": "r1", "mozpool_power": fmt.Sprintf("10.0.0.2:bank1:relay%d", id%8+1)},
		Interfaces: []netboxsim.Interface{{Name: "eth0", MAC: fmt.Sprintf("52:54:00:01:%02X:%02X", id>>8, id&0xff)}}}
}

func boards(n int) []netboxsim.Device {
	out := make([]netboxsim.Device, n)
	for i := range out {
		out[i] = board(i + 1)
		out[i].Address = ""
	}
	return out
}

func TestFetch(t *testing.T) {
	t.Parallel()
	for _, old := range []bool{false, true} {
		b := newBench(t, netboxsim.Options{Old: old})
		sw := board(2)
		sw.Role = "switch"
		b.Set(board(1), sw)
		records, err := b.fetch(t)
		if err != nil || len(records) != 1 || len(records[0].Problems) > 0 {
			t.Fatalf("%+v, %v", records, err)
		}
		got := records[0].Spec
		if got.Address.String() != "10.91.0.5" {
			t.Errorf("address %s", got.Address)
		}
		got.Address = inventory.Spec{}.Address
		want := inventory.Spec{ID: "netbox:1", Name: "panda-0001", MAC: "52:54:00:01:00:01", Rack: "r1", Hardware: "panda", Power: "10.0.0.2:bank1:relay2",
			Place: "Lab 1, rack R 7, U12", Labels: map[string]string{"pool": "ci", "flaky": "true"}, Source: "lab"}
		if !got.Equal(want) {
			t.Errorf("got %+v", got)
		}
	}
}

// Every board comes, in pages, with a query for the MACs of many.
func TestPages(t *testing.T) {
	t.Parallel()
	b := newBench(t, netboxsim.Options{MaxPage: 100, Public: "https://127.0.0.1:1/behind/a/proxy"})
	b.Set(boards(880)...)
	records, err := b.fetch(t)
	if err != nil || len(records) != 880 {
		t.Fatal(len(records), err)
	}
	for _, r := range records {
		if len(r.Problems) > 0 {
			t.Errorf("%+v", r)
		}
	}
	if asked := b.Requests(); asked > 9+2*6 {
		t.Errorf("%d requests", asked)
	}
}

// Where fields stand is the operator's to say.
func TestFields(t *testing.T) {
	t.Parallel()
	b := newBench(t, netboxsim.Options{})
	d := board(1)
	d.Custom["plug"] = map[string]any{"id": 4, "name": "manual"}
	d.Interfaces = append(d.Interfaces, netboxsim.Interface{Name: "eth1", MACs: []string{"52:54:00:02:00:01"}}, netboxsim.Interface{Name: "bmc", MAC: "52:54:00:03:00:01", MgmtOnly: true})
	d.Parent, d.Bay, d.Position = "chassis-1", "3", 0
	b.Set(d)
	b.config.Fields = map[string]string{"rack": "rack", "power": "cf_plug", "address": "", "hardware": "site"}
	b.config.Racks, b.config.Hardware = map[string]string{"R 7": "r7"}, map[string]string{"lab-1": "panda"}
	b.config.Interface, b.config.Prefix = "eth1", "west"
	records, err := b.fetch(t)
	if err != nil || len(records) != 1 {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%q %s", records[0].Problems, records[0].Spec.ID)
	if s := records[0].Spec; got != "[] west:1" || s.Rack != "r7" || s.Power != "manual" || s.Hardware != "panda" || s.Address.IsValid() || s.MAC != "52:54:00:02:00:01" || s.Place != "Lab 1, rack R 7, in chassis-1, bay 3" {
		t.Errorf("%s %+v", got, s)
	}
}

// A device that cannot be used says why, and which field it is; the others are not touched by that.
func TestBadRecords(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*netboxsim.Device)
		key    string // spoiled
		value  any
		want   string
	}{
		"no name":       {func(d *netboxsim.Device) { d.Name = "" }, "", nil, "name: "},
		"path":          {func(d *netboxsim.Device) { d.Name = "../../etc/passwd" }, "", nil, "name: "},
		"unicode":       {func(d *netboxsim.Device) { d.Name = "bräd" }, "", nil, "name: "},
		"long":          {func(d *netboxsim.Device) { d.Name = strings.Repeat("x", 64) }, "", nil, "name: "},
		"no rack":       {func(d *netboxsim.Device) { d.Custom["mozpool_rack"] = nil }, "", nil, "rack: custom_fields.mozpool_rack of the device is empty"},
		"no such field": {func(d *netboxsim.Device) { delete(d.Custom, "mozpool_power") }, "", nil, "power: NetBox has no custom field mozpool_power"},
		"list":          {func(d *netboxsim.Device) { d.Custom["mozpool_power"] = []int{1} }, "", nil, "power: custom_fields.mozpool_power is a list"},
		"no MAC":        {func(d *netboxsim.Device) { d.Interfaces[0].MAC = "" }, "", nil, "mac: none of its interfaces"},
		"no interface":  {func(d *netboxsim.Device) { d.Interfaces = nil }, "", nil, "mac: none of its interfaces"},
		"two MACs": {func(d *netboxsim.Device) {
			d.Interfaces[0] = netboxsim.Interface{Name: "eth0", MACs: []string{"52:54:00:00:00:01", "52:54:00:00:00:02"}}
		}, "", nil, "none of them primary"},
		"two ports": {func(d *netboxsim.Device) {
			d.Interfaces = append(d.Interfaces, netboxsim.Interface{Name: "eth1", MAC: "52:54:00:00:00:09"})
		}, "", nil, "interfaces eth0, eth1 have one each"},
		"bad MAC":          {func(d *netboxsim.Device) { d.Interfaces[0].MAC = "52:54:00" }, "", nil, "mac: "},
		"two values":       {func(d *netboxsim.Device) { d.Tags = []string{"pool:a", "pool:b"} }, "", nil, "labels: tags say that pool is a and b"},
		"bad label":        {func(d *netboxsim.Device) { d.Tags = []string{"a b:c"} }, "", nil, "labels: "},
		"bad address":      {func(d *netboxsim.Device) { d.Address = "10.0.0.256/24" }, "", nil, "address: "},
		"name is a number": {nil, "name", []string{"x"}, "name: name is a list"},
		"type is a text":   {nil, "device_type", "panda", "hardware: device_type is the text"},
		"tags are a text":  {nil, "tags", "flaky", "labels: tags is the text"},
		"tags are texts":   {nil, "tags", []string{"flaky"}, "labels: a tag has no name"},
		"fields are null":  {nil, "custom_fields", nil, "power: NetBox has no custom field"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, netboxsim.Options{})
			one, two := board(1), board(2)
			if tc.change != nil {
				tc.change(&one)
			}
			b.Set(one, two)
			if tc.key != "" {
				b.Spoil(1, tc.key, tc.value)
			}
			records, err := b.fetch(t)
			if err != nil || len(records) != 2 || len(records[1].Problems) > 0 {
				t.Fatalf("%+v, %v", records, err)
			}
			if got := strings.Join(records[0].Problems, "\n"); !strings.Contains("\n"+got, "\n"+tc.want) && !strings.Contains(got, tc.want) || records[0].Spec.ID != "netbox:1" {
				t.Errorf("%s: %q", records[0].Spec.ID, got)
			}
		})
	}
}

// What may be over soon is tried again; what is not a whole list is none.
func TestTroubles(t *testing.T) {
	t.Parallel()
	type ts = []websim.Trouble
	for name, tc := range map[string]struct {
		next   ts
		always websim.Trouble
		want   string // of the error; empty: it ends well
		pauses string
	}{
		"rate limit":      {ts{{Status: 429, RetryAfter: 7}, {}, {Status: 429, RetryAfter: 900}}, websim.Trouble{}, "", "[7s 30s]"},
		"down for long":   {nil, websim.Trouble{Status: 502}, "502", "[2s 4s]"},
		"cut once":        {ts{{Cut: true}}, websim.Trouble{}, "", "[2s]"},
		"short once":      {ts{{Short: true}}, websim.Trouble{}, "", "[2s]"},
		"always cut":      {nil, websim.Trouble{Cut: true}, "cut off after", "[2s 4s]"},
		"always short":    {nil, websim.Trouble{Short: true}, "cut off after", "[2s 4s]"},
		"cut in the MACs": {ts{{}}, websim.Trouble{Cut: true}, "dcim/interfaces", "[2s 4s]"},
		"endless":         {nil, websim.Trouble{Endless: true}, "larger than", "[]"},
		"a page":          {nil, websim.Trouble{Body: "<html>log in</html>"}, "without /api", "[]"},
		"other JSON":      {nil, websim.Trouble{Body: `{"devices": []}`}, "no list of NetBox's API", "[]"},
		"too many":        {nil, websim.Trouble{Body: `{"count": 1000000, "results": []}`}, "a filter that names boards", "[]"},
		"no ids":          {nil, websim.Trouble{Body: `{"count": 1, "results": [{"name": "b"}]}`}, "object 1 of the page: it has no id", "[]"},
		"no objects":      {nil, websim.Trouble{Body: `{"count": 1, "results": ["b"]}`}, "an object is wanted", "[]"},
		"fewer":           {nil, websim.Trouble{Body: `{"count": 2, "results": [{"id": 1}]}`}, "the list changed", "[]"},
		"next elsewhere":  {nil, websim.Trouble{Body: `{"count": 2, "results": [{"id": 1}], "next": "http://elsewhere.invalid/?offset=1"}`}, "on another host, which is not asked", "[]"},
		"next for ever":   {nil, websim.Trouble{Body: `{"count": 2, "results": [], "next": "?start=1"}`}, "the list changed", "[]"},
		"redirect":        {nil, websim.Trouble{Redirect: "http://elsewhere.invalid/"}, "elsewhere.invalid", "[2s 4s]"},
		"gone":            {nil, websim.Trouble{Status: 404}, "404", "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, netboxsim.Options{})
			b.Set(board(1))
			b.BreakNext(tc.next...)
			b.Break(tc.always)
			b.config.Web.MaxBytes = 1 << 20
			records, err := b.fetch(t)
			switch {
			case tc.want == "" && (err != nil || len(records) != 1):
				t.Errorf("%d records, %v", len(records), err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "inventory source lab")):
				t.Errorf("%v", err)
			}
			if got := fmt.Sprint(b.pauses); got != tc.pauses {
				t.Errorf("pauses %s", got)
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	b := newBench(t, netboxsim.Options{})
	b.Set(board(1))
	b.config.Token = web.Token{}
	if _, err := b.fetch(t); err == nil || !strings.Contains(err.Error(), "403") || !strings.Contains(err.Error(), "token_file") {
		t.Error(err)
	}
	for token, want := range map[string]string{"nbt_a.b": "Bearer nbt_a.b", "0123": "Token 0123"} {
		r := &http.Request{Header: make(http.Header)}
		if authorize(r, token); r.Header.Get("Authorization") != want {
			t.Error(r.Header)
		}
	}
}

// A server that never answers is left after the client's limit.
func TestHangs(t *testing.T) {
	t.Parallel()
	b := newBench(t, netboxsim.Options{})
	b.Set(board(1))
	b.Break(websim.Trouble{Hang: true})
	b.config.Web.Client = &http.Client{Timeout: 20 * time.Millisecond}
	if _, err := b.fetch(t); err == nil || len(b.pauses) != web.Tries-1 {
		t.Errorf("%v, %v", b.pauses, err)
	}
}

// A filter that names nothing is told in NetBox's own words.
func TestWrongFilter(t *testing.T) {
	t.Parallel()
	b := newBench(t, netboxsim.Options{})
	b.Set(board(1))
	b.config.Filter = "role=bord"
	if _, err := b.fetch(t); err == nil || !strings.Contains(err.Error(), "bord is not one of the choices") {
		t.Error(err)
	}
}

// A device that is replaced between two pages leaves their number as it was, but shifts those behind it: without the
// overlap of pages device 101 would be missed, and its board go.
func TestListChangesMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBench(t, netboxsim.Options{MaxPage: 100})
	b.Set(boards(250)...)
	pages := 0
	b.AfterPage(func() {
		if pages++; pages == 1 {
			b.Set(append(boards(250)[1:], board(900))...)
		}
	})
	records, err := b.fetch(t)
	seen := make(map[string]bool)
	for _, r := range records {
		seen[r.Spec.ID] = true
	}
	if err != nil || len(seen) != 250 || !seen["netbox:101"] || seen["netbox:1"] {
		t.Errorf("%d records, %v", len(records), err)
	}
	b.Set(boards(250)...)
	next := 1
	b.AfterPage(func() { b.Remove(next); next++ })
	if _, err := b.fetch(t); err == nil || !strings.Contains(err.Error(), "the list changed") {
		t.Errorf("a list that never rests: %v", err)
	}
}

// A device that is gone before its interfaces are asked for spoils this list, not the fleet; the next one is whole.
func TestDeviceGoesBeforeItsInterfaces(t *testing.T) {
	t.Parallel()
	b := newBench(t, netboxsim.Options{})
	b.Set(boards(3)...)
	b.AfterPage(func() { b.Remove(2) })
	if _, err := b.fetch(t); err == nil || !strings.Contains(err.Error(), "device_id") {
		t.Error(err)
	}
	if records, err := b.fetch(t); err != nil || len(records) != 2 {
		t.Errorf("%d records, %v", len(records), err)
	}
}

// Tags of a filter have to be there all, as in NetBox.
func TestFilterByTags(t *testing.T) {
	t.Parallel()
	b := newBench(t, netboxsim.Options{})
	one, two := board(1), board(2)
	one.Tags, two.Tags, two.Address = []string{"mozpool", "flaky"}, []string{"mozpool"}, ""
	b.Set(one, two)
	for filter, want := range map[string]int{"tag=mozpool": 2, "tag=mozpool&tag=flaky": 1} {
		b.config.Filter = filter
		if records, err := b.fetch(t); err != nil || len(records) != want {
			t.Errorf("%s: %d records, %v", filter, len(records), err)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config{Title: "lab", URL: "https://netbox.example/base/", Filter: "?role=board"}
	s, err := New(good)
	if err != nil || s.Name() != "lab" || s.Where() != "https://netbox.example/base/api/dcim/devices/?role=board" {
		t.Fatal(s, err)
	}
	for want, change := range map[string]func(*Config){
		"wants a filter":       func(c *Config) { c.Filter = "" },
		"has limit":            func(c *Config) { c.Filter = "role=board&limit=3" },
		"no address":           func(c *Config) { c.URL = "netbox.example" },
		"no field that can be": func(c *Config) { c.Fields = map[string]string{"mac": "serial"} },
		"nothing of a device":  func(c *Config) { c.Fields = map[string]string{"rack": "room"} },
	} {
		c := good
		change(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "source lab") {
			t.Errorf("%s: %v", want, err)
		}
	}
}
