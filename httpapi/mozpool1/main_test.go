package mozpool1

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi/access"
	"mozpool/httpapi/apitest"
	"mozpool/netboot/images"
	"mozpool/persistence"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fleet notes what is asked of it, a line each.
type fleet struct {
	apitest.Fleet
	asked bytes.Buffer
	fail  error // of every question; nil: none fails
}

func (f *fleet) Wish(_ context.Context, name string, r actors.Request) (actors.Answer, error) {
	fmt.Fprintf(&f.asked, "wish %s: %s %q %v by %s, key %q\n", name, r.Want, r.Image, r.Config, r.By, r.ID)
	return actors.Answer{}, f.fail
}

func (f *fleet) Do(_ context.Context, name string, o actors.Order) (actors.Answer, error) {
	fmt.Fprintf(&f.asked, "do %s: %s %q to %q at visit %d by %s\n", name, o.Kind, o.Text, o.To, o.Visit, o.By)
	return actors.Answer{}, f.fail
}

func (f *fleet) Ask(_ context.Context, id string, e actors.Evidence) (board.Verdict, error) {
	fmt.Fprintf(&f.asked, "ask %s: %s, bare %t\n", id, e.Input.Kind, e.Input.Bare)
	return board.Moved, f.fail
}

func (f *fleet) Relay(_ context.Context, power string, do actors.RelayDo, by string, _ bool) (bool, error) {
	fmt.Fprintf(&f.asked, "relay %s: %s by %s\n", power, do, by)
	return true, f.fail
}

// rig is an API over two boards, of which board1 is downloading and everything is known.
func rig(t *testing.T) (*API, *fleet) {
	t.Helper()
	f := &fleet{}
	v := apitest.Busy("board1")
	v.Spec.Labels["environment"] = "staging"
	v.Inputs = &actors.Inputs{Compat: "android", Order: &images.Order{Image: "v2", Install: images.InstallRaw, Config: map[string]string{"build": "7"}}}
	f.Put(v)
	f.Put(apitest.Board("board2", board.Off))
	f.Switches = []actors.RelayView{{Name: "10.91.0.2:2101", Boards: []string{"board1"}}}
	logs := &apitest.Logs{Lines: []persistence.Line{
		{Board: "board1", At: apitest.Now, Source: "syslog", Text: "hello"},
		{Board: "board1", At: apitest.Now, Source: "statemachine", Text: "booting → live"},
	}}
	ping := func(_ context.Context, a netip.Addr) error {
		if a != v.Address {
			return os.ErrDeadlineExceeded
		}
		return nil
	}
	return New(Config{Fleet: f, Logs: logs, Catalogue: func() Catalogue { return apitest.Catalogue{} }, Server: "img1", Version: "5.0",
		Ping: ping, Bare: func(rack string) bool { return rack == "r1" }, Clock: func() time.Time { return apitest.Now }}), f
}

// ask sends a request as an operator at the address of board1.
func ask(a *API, method, path, body string, query map[string]string) (Reply, error) {
	r, _, err := Find(method, path)
	if err != nil {
		return Reply{}, err
	}
	return a.Serve(context.Background(), r, Request{Method: method, Path: path, Query: query, Body: []byte(body), Key: "k1",
		Caller: access.Caller{Name: "ann", Role: access.Operator, From: "10.91.0.101"}})
}

// shown is what a client sees, as golden files keep it.
func shown(reply Reply, err error) string {
	if err != nil {
		var p *actors.Problem
		if !asProblem(err, &p) {
			return "no problem: " + err.Error() + "\n"
		}
		return fmt.Sprintf("%s: %s; %s\n", p.Kind, p.Text, p.Remedy)
	}
	if reply.Body == nil {
		return fmt.Sprintf("%d\n", reply.Status)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(reply.Body); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", reply.Status, out.String())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (-update writes it anew):\n%s", path, got)
	}
}
