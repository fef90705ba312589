package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"mozpool/actors"
	v1 "mozpool/httpapi/v1"
)

// ordered is a cluster that notes what is asked of it.
type ordered struct{ orders []string }

func (o *ordered) Status() (v1.Cluster, error) {
	return v1.Cluster{ID: "lab", Servers: []v1.ClusterServer{}, Racks: []v1.ClusterRack{}}, nil
}

func (o *ordered) note(what, server string) error {
	o.orders = append(o.orders, what+" "+server)
	if server == "nobody" {
		return &actors.Problem{Kind: actors.NotFound, Text: "no such server", Remedy: "see the list"}
	}
	return nil
}

func (o *ordered) Join(_ context.Context, s string) error     { return o.note("join", s) }
func (o *ordered) Transfer(_ context.Context, s string) error { return o.note("transfer", s) }
func (o *ordered) Remove(_ context.Context, s string) error   { return o.note("remove", s) }
func (o *ordered) Drain(_ context.Context, s string) error    { return o.note("drain", s) }
func (o *ordered) Undrain(_ context.Context, s string) error  { return o.note("undrain", s) }

func TestCluster(t *testing.T) {
	t.Parallel()
	o := &ordered{}
	s := start(t, Config{Cluster: o})
	for _, verb := range []string{"transfer", "remove", "drain", "undrain"} {
		res, body := call(t, s, http.MethodPost, "/api/v1/cluster/"+verb, `{"server":"img2"}`)
		if res.StatusCode != http.StatusOK || !strings.Contains(string(body), `"id":"lab"`) {
			t.Errorf("%s: status %d, %s", verb, res.StatusCode, body)
		}
		if !slices.Contains(o.orders, verb+" img2") {
			t.Errorf("%s was not asked for: %v", verb, o.orders)
		}
	}
	res, body := call(t, s, http.MethodPost, "/api/v1/cluster/join", `{"gossip":"img2:7946"}`)
	if res.StatusCode != http.StatusOK || !slices.Contains(o.orders, "join img2:7946") {
		t.Errorf("join: status %d, %s, orders %v", res.StatusCode, body, o.orders)
	}
	res, body = call(t, s, http.MethodPost, "/api/v1/cluster/join", `{"gossip":""}`)
	wantProblem(t, res, body, http.StatusBadRequest, v1.KindBadRequest)
	res, body = call(t, s, http.MethodPost, "/api/v1/cluster/drain", `{"server":"nobody"}`)
	wantProblem(t, res, body, http.StatusNotFound, v1.KindNotFound)
	for _, wrong := range []string{`{}`, `{"sever":"a"}`} {
		res, body := call(t, s, http.MethodPost, "/api/v1/cluster/drain", wrong)
		wantProblem(t, res, body, http.StatusBadRequest, v1.KindBadRequest)
	}
}

func TestNoCluster(t *testing.T) {
	t.Parallel()
	s := start(t, Config{})
	res, body := call(t, s, http.MethodGet, "/api/v1/cluster", "")
	if res.StatusCode != http.StatusOK || !strings.Contains(string(body), `"servers":[]`) {
		t.Errorf("status %d, %s", res.StatusCode, body)
	}
	res, body = call(t, s, http.MethodPost, "/api/v1/cluster/drain", `{"server":"img2"}`)
	wantProblem(t, res, body, http.StatusConflict, v1.KindRefused)
}
