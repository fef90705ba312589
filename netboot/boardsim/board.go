package boardsim

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Board is one simulated board. It has no power until PowerOn.
type Board struct {
	cfg    Config
	card   *card
	client *http.Client
	record record

	mu      sync.Mutex
	random  *rand.Rand         // of chance; only a living board draws
	planned []fault            // what FailNext asked for
	off     context.CancelFunc // nil: no power
	done    chan struct{}      // closed when the board has stopped after off
	closed  bool
}

// Results of a stretch of a boot.
var (
	errReset     = errors.New("reset")                 // begin again at the loader
	errHang      = errors.New("hangs")                 // wait for the power to go
	errOver      = errors.New("boot over")             // the server said 410: reboot to the card
	errBreaksOff = errors.New("a transfer breaks off") // what it was for goes on without it, or begins again
	errMute      = errors.New("a callback is lost")    // the step goes on
)

// New makes a board, and its card if there is none.
func New(cfg Config) (*Board, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("simulated board %s: %w", cfg.Name, err)
	}
	cfg.fill()
	c, err := openCard(cfg.Card, cfg.CardSize, !cfg.LoaderOffCard)
	if err != nil {
		return nil, fmt.Errorf("simulated board %s: %w", cfg.Name, err)
	}
	name := fnv.New64a()
	_, _ = name.Write([]byte(cfg.Name)) // a hash never fails
	b := &Board{cfg: cfg, card: c, random: rand.New(rand.NewPCG(cfg.Seed, name.Sum64()))}
	b.record.counts = make(map[What]int)
	b.client = newClient(&cfg)
	return b, nil
}

// newClient makes a client that sends from the board's address and keeps one connection. In a rack that changes hands
// every URL leads to the server of the moment, as one with the rack's service address does.
func newClient(cfg *Config) *http.Client {
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: cfg.Address.AsSlice()}, Timeout: cfg.patience(answerWithin)}
	dial := from.DialContext
	if cfg.Where != nil && !cfg.ByURL {
		dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			server, port := cfg.Where()
			return from.DialContext(ctx, network, net.JoinHostPort(server.Addr().String(), strconv.Itoa(port)))
		}
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, ResponseHeaderTimeout: cfg.patience(answerWithin),
		MaxIdleConnsPerHost: 1, IdleConnTimeout: 5 * time.Second, ReadBufferSize: 4 << 10, WriteBufferSize: 1 << 10}}
}

// Name is the board's name.
func (b *Board) Name() string { return b.cfg.Name }

// PowerOn gives the board power; it begins at its loader. Twice is once.
func (b *Board) PowerOn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.off != nil || b.closed {
		return
	}
	ctx, off := context.WithCancel(context.Background())
	done := make(chan struct{})
	before := b.done
	b.off, b.done = off, done
	go func() {
		defer close(done)
		if before != nil {
			<-before // the life before has let go of card and sockets
		}
		b.event(PoweredOn, "")
		b.live(ctx)
	}()
}

// PowerOff takes the power away. The board stops at once, whatever it does; PowerOff does not wait for that.
func (b *Board) PowerOff() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.off != nil {
		b.off()
		b.off = nil
	}
}

// Powered says whether the board has power.
func (b *Board) Powered() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.off != nil
}

// Close takes the power away for good and waits until the board has let go of everything. A second Close does nothing.
func (b *Board) Close() error {
	b.PowerOff()
	b.mu.Lock()
	closed, done := b.closed, b.done
	b.closed = true
	b.mu.Unlock()
	if closed {
		return nil
	}
	if done != nil {
		<-done
	}
	b.client.CloseIdleConnections()
	return b.card.close()
}

// live runs the board until its power goes: boot after boot.
func (b *Board) live(ctx context.Context) {
	defer b.client.CloseIdleConnections()
	defer b.event(PoweredOff, "")
	for ctx.Err() == nil {
		err := b.boot(ctx)
		switch {
		case errors.Is(err, errHang):
			<-ctx.Done()
		case ctx.Err() == nil:
			b.sleep(ctx, b.cfg.Times.Reboot)
		}
	}
}

// sleep waits a scaled time, or until the power goes.
func (b *Board) sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(b.cfg.scale(d))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// broken carries a simulated failure out: nil means that the step goes on.
func (b *Board) broken(step Step) error { return b.happens(step, b.breaks(step)) }

// happens tells of a failure, and carries it out like broken.
func (b *Board) happens(step Step, how Breaks) error {
	if how == "" {
		return nil
	}
	b.event(Fault, fmt.Sprintf("%s %s", step, how))
	switch how {
	case Hangs, LosesNetwork:
		return errHang
	case Resets:
		return errReset
	case BreaksOff:
		return errBreaksOff
	case SaysNothing:
		return errMute
	}
	return nil
}
