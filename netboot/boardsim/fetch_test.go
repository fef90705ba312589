package boardsim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A server that is slow is heard to its end, although that takes longer than one that says nothing is waited for; and it is
// not the server's fault if the board's card is slow.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	const speed = 1000 // 2 s of silence, whatever the speed
	pieces := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for range 6 {
			_, _ = io.WriteString(w, "piece")
			_ = http.NewResponseController(w).Flush() // a board that is gone takes nothing
			<-tick.C
		}
		if r.URL.Path == "/silent" {
			<-r.Context().Done()
		}
	}))
	defer s.Close()
	l := &liveRun{b: &Board{cfg: Config{Speed: speed}, client: s.Client()}, s: stage{urls: []string{s.URL}}}
	count := func(body io.Reader) error {
		got, err := io.ReadAll(body)
		pieces = len(got) / len("piece")
		return err
	}
	if err := l.fetch(t.Context(), "slow", count); err != nil || pieces != 6 {
		t.Errorf("%d pieces, %v", pieces, err)
	}
	slowCard := func(body io.Reader) error {
		_, err := io.ReadFull(body, make([]byte, len("piece")))
		<-time.After(2500 * time.Millisecond) // the card's time is the point
		return errors.Join(err, count(body))
	}
	if err := l.fetch(t.Context(), "slow", slowCard); err != nil || pieces != 5 {
		t.Errorf("with a slow card: %d pieces, %v", pieces, err)
	}
	if err := l.fetch(t.Context(), "silent", count); !errors.Is(err, context.Canceled) || pieces != 6 {
		t.Errorf("of one that fell silent: %d pieces, %v", pieces, err)
	}
}
