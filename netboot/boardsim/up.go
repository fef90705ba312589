package boardsim

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// serve answers what the running image answers, at the board's own address, until the returned function is called.
func (b *Board) serve(img Image) func() {
	var stops []func()
	for _, s := range []struct {
		port  int
		serve func(net.Listener) func()
	}{{img.TCP, func(l net.Listener) func() { return serveBanner(l, img.Banner) }}, {img.HTTP, func(l net.Listener) func() { return serveHTTP(l, img.Name) }}} {
		if s.port == 0 {
			continue
		}
		l, err := net.Listen("tcp4", net.JoinHostPort(b.cfg.Address.String(), strconv.Itoa(s.port)))
		if err != nil {
			b.event(Fault, fmt.Sprintf("image %s cannot listen: %v", img.Name, err))
			continue
		}
		stops = append(stops, s.serve(l))
	}
	return func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// serveBanner says the banner to whoever connects. The goroutines end with the function that it returns.
func serveBanner(l net.Listener, banner string) func() {
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(time.Second)) // a peer that is gone is not waited for
			_, _ = conn.Write([]byte(banner))
			_ = conn.Close()
		}
	})
	return func() {
		_ = l.Close() // Accept returns with its error
		wg.Wait()
	}
}

func serveHTTP(l net.Listener, name string) func() {
	s := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("image " + name + " runs\n")) // the peer may be gone
	})}
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Serve(l) }) // always ends with ErrServerClosed
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if s.Shutdown(ctx) != nil {
			_ = s.Close() // the power is off: nobody is waited for
		}
		wg.Wait()
	}
}
