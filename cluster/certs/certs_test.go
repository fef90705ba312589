package certs

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"mozpool/persistence"
	"mozpool/persistence/replica"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func authority(t *testing.T, cluster string) Pair {
	t.Helper()
	pair, err := NewAuthority(cluster, time.Now())
	must(t, err)
	return pair
}

func streams(t *testing.T, by Pair, node string, now time.Time) *Streams {
	t.Helper()
	own, err := by.NewServer(node, now)
	must(t, err)
	s, err := NewStreams(own, by.Cert)
	must(t, err)
	return s
}

func listen(t *testing.T, s *Streams) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return s.Listen(l)
}

// meet connects a to b and exchanges a byte each way.
func meet(t *testing.T, from, to *Streams) (seenBy string, err error) {
	t.Helper()
	l := listen(t, to)
	type end struct {
		node string
		err  error
	}
	accepted := make(chan end, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			accepted <- end{"", err}
			return
		}
		defer func() { _ = c.Close() }()
		buffer := make([]byte, 1)
		_, err = c.Read(buffer)
		if err == nil {
			_, err = c.Write(buffer)
		}
		node, _ := to.Node(c)
		accepted <- end{node, err}
	}()
	c, err := from.Dial(t.Context(), l.Addr().String())
	if err == nil {
		_, err = c.Write([]byte{1})
		if err == nil {
			_, err = c.Read(make([]byte, 1)) // TLS 1.3 refuses a client only here
		}
		_ = c.Close()
	}
	e := <-accepted
	return e.node, errors.Join(err, e.err)
}

func TestWhoMayConnect(t *testing.T) {
	t.Parallel()
	lab, attic := authority(t, "lab"), authority(t, "attic")
	now := time.Now()
	server := streams(t, lab, "s1", now)
	for name, tt := range map[string]struct {
		from *Streams
		want bool
	}{
		"a server of the cluster":          {streams(t, lab, "s2", now), true},
		"one of another cluster":           {streams(t, attic, "s2", now), false},
		"one whose certificate ended":      {streams(t, lab, "s2", now.AddDate(-serverYears, 0, -1)), false},
		"one whose certificate is to come": {streams(t, lab, "s2", now.AddDate(1, 0, 0)), false},
	} {
		for _, way := range []string{"to", "from"} {
			from, to := tt.from, server
			if way == "from" {
				from, to = to, from
			}
			node, err := meet(t, from, to)
			if (err == nil) != tt.want {
				t.Errorf("%s, %s it: %v", name, way, err)
			}
			if want := map[string]string{"to": "s2", "from": "s1"}[way]; tt.want && node != want {
				t.Errorf("%s, %s it: known as %q, want %q", name, way, node, want)
			}
		}
	}
}

func TestUnusableFiles(t *testing.T) {
	t.Parallel()
	lab := authority(t, "lab")
	own, err := lab.NewServer("s1", time.Now())
	must(t, err)
	_, noKey := Pair{Cert: lab.Cert}.NewServer("s1", time.Now())
	_, noCert := NewStreams(Pair{}, lab.Cert)
	_, noAuthority := NewStreams(own, []byte("hello"))
	for want, err := range map[string]error{
		"no certificate or no key": noKey, "this server's certificate": noCert, "cluster's authority": noAuthority,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// A group over these streams: it works, and a server may join only as the
// node of its certificate.
func TestGroupOverStreams(t *testing.T) {
	t.Parallel()
	lab := authority(t, "lab")
	open := func(node, certificate string) *replica.Replica {
		s := streams(t, lab, certificate, time.Now())
		l := listen(t, s)
		r, err := replica.Open(t.Context(), t.TempDir(), replica.Options{Node: node, Cluster: "lab", Network: &replica.Network{
			Listener: l, Address: l.Addr().String(), Dial: s.Dial, Node: s.Node,
		}})
		must(t, err)
		t.Cleanup(func() { must(t, r.Close()) })
		return r
	}
	first := open("s1", "s1")
	must(t, first.Begin([]replica.Server{first.Self()}))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	second := open("s2", "s2")
	must(t, second.Join(ctx, []string{first.Self().Address}))
	for errors.Is(second.Ready(ctx), persistence.ErrUnavailable) {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("the server that joined cannot write")
		}
	}
	err := open("s3", "s4").Join(ctx, []string{first.Self().Address})
	if err == nil || !strings.Contains(err.Error(), `its certificate is for "s4"`) {
		t.Errorf("joined under another's name: %v", err)
	}
}
