package demo

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence"
)

// TestNoStoreHasBootTokens images boards that tell their kernel's arguments, and looks for each boot's token in every
// file that the server kept, and in all that its journal gives out but the boards' records: these have to know it.
func TestNoStoreHasBootTokens(t *testing.T) {
	inOwnFolder(t)
	r, err := NewRack(t.Context(), Options{Boards: 3, Speed: 60, Seed: 3, FaultRate: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Server.Run(ctx) }()
	if err := r.WishAll(ctx, nil); err != nil {
		t.Fatal(err)
	}
	tokens := r.gossip(t)
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if len(tokens) < 3 {
		t.Fatalf("only %d tokens were seen", len(tokens))
	}
	data := filepath.Join(r.dir, "data")
	cut := 0
	for token := range tokens {
		cut += inFiles(t, data, token.String(), token.Short())
	}
	if cut == 0 {
		t.Error("no log has the first characters of a token, so nothing was tested")
	}
	journalIsClean(t, filepath.Join(data, "journal"), tokens)
}

// gossip waits for every board's rest; meanwhile each boot's token is told to syslog, as live environments do.
func (r *Rack) gossip(t *testing.T) map[board.Token]bool {
	t.Helper()
	tokens := map[board.Token]bool{}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(2 * time.Minute); !r.atRest(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("the boards do not come to rest")
		}
		for _, v := range r.Server.Fleet().Views() {
			token := v.Board.Token
			if token.IsZero() || tokens[token] {
				continue
			}
			tokens[token] = true
			to := net.UDPAddrFromAddrPort(r.Server.Racks()[rackName].Syslog)
			c, err := net.DialUDP("udp", &net.UDPAddr{IP: v.Spec.Address.AsSlice()}, to)
			if err != nil {
				t.Fatal(err)
			}
			_, err = fmt.Fprintf(c, "<6>kernel: mobile-imaging-url=http://%s/b/%s/second-stage.sh", to, token)
			if err != nil || c.Close() != nil {
				t.Fatal(err)
			}
		}
	}
	return tokens
}

// inFiles looks into every file below dir, and counts those that have the part that may stand there.
func inFiles(t *testing.T, dir, token, short string) (cut int) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.Contains(bytes.ToLower(data), []byte(token)) {
			t.Errorf("%s has the token %s", path, short)
		}
		if strings.HasSuffix(path, ".seg") && bytes.Contains(data, []byte(short)) {
			cut++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return cut
}

// journalIsClean reads the journal as its users do: its files may hold a text in pieces.
func journalIsClean(t *testing.T, dir string, tokens map[board.Token]bool) {
	t.Helper()
	j, err := persistence.OpenLocal(dir, persistence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = j.Close() }() // only read
	var all bytes.Buffer
	for s, err := range j.Load(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		all.Write(s.Inputs)
		events, err := j.Events(t.Context(), s.Board, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			all.Write(e.Data)
		}
		attempts, err := j.Attempts(t.Context(), s.Board, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range attempts {
			all.Write(a.Summary)
		}
	}
	if all.Len() == 0 {
		t.Fatal("the journal is empty")
	}
	for token := range tokens {
		if bytes.Contains(all.Bytes(), token[:]) || bytes.Contains(bytes.ToLower(all.Bytes()), []byte(token.String())) {
			t.Errorf("inputs, events or attempts have the token %s", token.Short())
		}
	}
}
