package running

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"time"
)

// Profiles is a listener for "go tool pprof", for people who look for a fault. A profile shows memory, tokens
// included, so it listens on loopback only and asks admit about everybody.
type Profiles struct {
	listener net.Listener
	server   *http.Server
}

// ListenProfiles binds a loopback address; port 0: any free one. admit says whether a request may see profiles; nil:
// whoever reaches loopback may.
func ListenProfiles(ctx context.Context, address string, admit func(*http.Request) bool) (*Profiles, error) {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !a.Addr().IsLoopback() {
		return nil, fmt.Errorf("profiles at %q: only a loopback address with its port, such as 127.0.0.1:6060, is possible", address)
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for profiles: %w", err)
	}
	return &Profiles{l, &http.Server{Handler: guarded(admit), ReadHeaderTimeout: 10 * time.Second}}, nil
}

func guarded(admit func(*http.Request) bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !toLoopback(r.Host) {
			http.Error(w, "ask for it by its loopback address", http.StatusForbidden)
			return
		}
		if admit != nil && !admit(r) {
			http.Error(w, "profiles are for administrators: send Authorization: Bearer TOKEN", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// toLoopback says whether a Host header names this machine: a browser that was lured here by another name must not
// hand out profiles.
func toLoopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	address, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && address.IsLoopback()
}

// URL is where profiles are.
func (p *Profiles) URL() string { return "http://" + p.listener.Addr().String() + "/debug/pprof/" }

// Run serves until ctx ends, which is no error.
func (p *Profiles) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = p.server.Close() }) // a profile that is being made is broken off
	defer stop()
	if err := p.server.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve profiles: %w", err)
	}
	return nil
}
