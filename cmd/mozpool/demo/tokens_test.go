package demo

import (
	"bytes"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mozpool/actors/board"
)

// said is a log that is read while it is written.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.text.Bytes())
}

// TestBootTokensAreKeptNowhere images boards that fail, one of which also says its token, as scripts do that could not fetch
// something. But for the records of the journal, which have to know them, the tokens of all their boots are in nothing that
// the server keeps, says or answers.
func TestBootTokensAreKeptNowhere(t *testing.T) {
	inOwnFolder(t)
	log := &said{}
	r, err := NewRack(t.Context(), Options{Boards: 3, Speed: 60, Seed: 3, FaultRate: 0.2, Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	stop := r.serve(t)
	if err := r.WishAll(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	tokens := map[board.Token]bool{}
	answered := false
	r.until(t, func() bool {
		for _, v := range r.Server.Fleet().Views() {
			if tok := v.Board.Token; !tok.IsZero() {
				tokens[tok] = true
				url := "http://" + r.Server.Racks()[rackName].HTTP.String() + "/b/" + tok.String()
				if v.Board.State == board.Live || v.Board.State == board.Downloading {
					answered = get(t, url+"/event/mobile_init_started?step=fetch&text="+url+"/second-stage.sh") != "" || answered
				}
			}
		}
		return r.atRest()
	})
	if len(tokens) < 3 || !answered {
		t.Fatalf("%d boots; one that said its token: %t", len(tokens), answered)
	}
	kept := map[string][]byte{"its own log": log.bytes()}
	for _, v := range r.Server.Fleet().Views() {
		for _, path := range []string{"", "/why", "/attempts", "/attempts/1", "/history", "/log?all=1&tail=10000"} {
			kept["boards/"+v.Spec.Name+path] = []byte(get(t, r.Server.APIURL()+"/api/v1/boards/"+v.Spec.Name+path))
		}
	}
	for _, path := range []string{"/events?kept=1", "/report", "/repairs", "/incidents"} {
		kept[path] = []byte(get(t, r.Server.APIURL()+"/api/v1"+path))
	}
	stop()
	data := filepath.Join(r.dir, "data")
	err = filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && d.Name() == "journal" {
				return fs.SkipDir
			}
			return err
		}
		kept[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	short := false
	for where, text := range kept {
		for tok := range tokens {
			if bytes.Contains(bytes.ToLower(text), []byte(tok.String())) {
				t.Errorf("the token %s stands in %s", tok.Short(), where)
			}
			short = short || strings.HasSuffix(where, "10000") && bytes.Contains(text, []byte(tok.Short()))
		}
	}
	if !short {
		t.Error("no log has a token that was cut: nothing was proven")
	}
}

// get gives an answer's text.
func get(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // it was read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
