package cli

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
)

// lab is a cluster of three of which one is silent.
func lab() v1.Cluster {
	heard := time.Now().Add(-5 * time.Minute)
	return v1.Cluster{ID: "lab", Server: "img1", Leader: "img2",
		Servers: []v1.ClusterServer{
			{Name: "img1", Address: "10.0.0.1:7947", API: "http://10.0.0.1:8080", Version: "1", Gossip: true, Session: true, Member: true, Votes: true, Racks: []string{"r1"}},
			{Name: "img2", Address: "10.0.0.2:7947", Gossip: true, Session: true, Member: true, Votes: true, Leads: true, Drained: true, Trouble: []string{"rack r1: interface eth1 is down"}, Racks: []string{}},
			{Name: "img3", Address: "10.0.0.3:7947", ClockAhead: -3600.2, Racks: []string{}},
		},
		Racks: []v1.ClusterRack{
			{Name: "r1", Servers: []string{"img1", "img2"}, Holder: "img1", Epoch: 7, Live: true, TakeOver: v1.TakeOverAPI},
			{Name: "r2", Servers: []string{"img3"}, AsOf: &heard, TakeOver: v1.TakeOverNone},
		}}
}

// cluster runs a command against a server that shows all and notes what was asked of it.
func cluster(t *testing.T, all v1.Cluster, do func(*Context) error) (out, asked string, err error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked += r.Method + " " + r.URL.Path
		if err := json.NewEncoder(w).Encode(all); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	cl, err := client.New(server.URL, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer cl.CloseIdle()
	var text bytes.Buffer
	err = do(&Context{Context: t.Context(), Client: cl, Out: &text, Err: &text, Output: "table", Now: time.Now})
	return text.String(), asked, err
}

func TestClusterVerbs(t *testing.T) {
	t.Parallel()
	const read, change = "GET /api/v1/cluster", "POST /api/v1/cluster/"
	server := ClusterServer{Name: "img2"}
	for asked, tc := range map[string]struct {
		run  func(*Context) error
		want []string
	}{
		read:                {(&ClusterMembers{}).Run, []string{"img1", "votes", "leads", "(drained) (rack r1: interface eth1 is down)", "not taken in", "(clock 1h0m0s behind)", "silent"}},
		read + " of racks":  {(&ClusterRacks{}).Run, []string{"r1", "img1,img2", "7", "nobody", "silent for 5m", "API only"}},
		read + " of status": {(&ClusterStatus{}).Run, []string{"3 servers, 2 racks, led by img2; silent: img3; racks that nobody serves: r2"}},
		change + "join":     {(&ClusterJoin{"10.0.0.2:7946"}).Run, []string{"img2"}},
		change + "transfer": {(&ClusterTransfer{server}).Run, []string{"leads"}},
		change + "remove":   {(&ClusterRemove{server}).Run, []string{"img2"}},
		change + "drain":    {(&ClusterDrain{server}).Run, []string{"drained"}},
		change + "undrain":  {(&ClusterUndrain{server}).Run, []string{"img2"}},
	} {
		out, got, err := cluster(t, lab(), tc.run)
		if strings.Contains(asked, "status") != (err != nil) {
			t.Errorf("%s: %v", asked, err)
		}
		if want, _, _ := strings.Cut(asked, " of "); got != want {
			t.Errorf("%s asked %s", asked, got)
		}
		for _, want := range tc.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is not in\n%s", asked, want, out)
			}
		}
	}
}

func TestClusterSummary(t *testing.T) {
	t.Parallel()
	if text, ok := clusterSummary(v1.Cluster{}); !ok || text != "this server is by itself" {
		t.Errorf("%q, %v", text, ok)
	}
	well := lab()
	well.Servers, well.Racks = well.Servers[:2], well.Racks[:1]
	if text, ok := clusterSummary(well); !ok || text != "cluster lab: 2 servers, 1 racks, led by img2" {
		t.Errorf("%q, %v", text, ok)
	}
	well.Leader = ""
	well.Servers[0].Session = false // without a majority nobody's is renewed, and this one answers all the same
	if text, ok := clusterSummary(well); ok || !strings.HasSuffix(text, "nobody: nothing can be stored") {
		t.Errorf("%q, %v", text, ok)
	}
}

// Programs get the cluster as it is, and the exit code that says whether all is well.
func TestClusterStatusForPrograms(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]string{"json": `"leader": "img2"`, "yaml": "leader: img2", "name": "lab\n"} {
		out, _, err := cluster(t, lab(), func(c *Context) error {
			c.Output = form
			return (&ClusterStatus{}).Run(c)
		})
		if codeOf(err) != ExitFailed || !strings.Contains(out, want) {
			t.Errorf("%s: %v\n%s", form, err, out)
		}
	}
}

// Who drains the last server that holds racks is told that these stay.
func TestDrainOfTheLast(t *testing.T) {
	t.Parallel()
	all := lab()
	for _, drained := range []bool{false, true} {
		all.Servers[0].Drained = drained
		out, _, err := cluster(t, all, (&ClusterDrain{ClusterServer{Name: "img1"}}).Run)
		if err != nil || strings.Contains(out, "stay where they are") != drained {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// A server without a cluster says so, and does not only show an empty table.
func TestAlone(t *testing.T) {
	t.Parallel()
	out, _, err := cluster(t, v1.Cluster{}, (&ClusterMembers{}).Run)
	if err != nil || !strings.Contains(out, alone) {
		t.Errorf("%v\n%s", err, out)
	}
	out, _, err = cluster(t, lab(), (&ClusterMembers{}).Run)
	if err != nil || strings.Contains(out, alone) {
		t.Errorf("%v\n%s", err, out)
	}
}
