package server

import (
	"net"
	"testing"
)

// A server that never ran lets go of every socket, so that another can take its place at once.
func TestSocketsAreLetGoOf(t *testing.T) {
	t.Parallel()
	_, cfg := site(t, "")
	s, err := Open(t.Context(), cfg, Options{Version: "5"})
	if err != nil {
		t.Fatal(err)
	}
	if i := s.info(); i.Version != "5" || i.Commit != "unknown" || i.API != s.APIURL() || i.OldAPI != s.oldAPI.URL() || i.Tokens || len(i.Racks) != 1 || i.Began.IsZero() {
		t.Errorf("%+v", i)
	}
	api, old := s.api.Addr(), s.oldAPI.Addr()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{api, old} {
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			t.Errorf("%s is still taken: %v", addr, err)
			continue
		}
		_ = ln.Close() // it only had to be possible
	}
}
