package hostile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// answer is what came back by HTTP; status 0: nothing.
type answer struct {
	status int
	body   string
}

// client opens a connection for each request, as boards do.
var client = &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}

func (r *rack) do(method, url, body string) answer {
	r.t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	must(r.t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return answer{body: err.Error()}
	}
	defer func() { _ = res.Body.Close() }() // was read
	data, _ := io.ReadAll(res.Body)         // what came is judged
	return answer{res.StatusCode, string(data)}
}

func (r *rack) api(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d%s", r.ports.api, path)
}

// get asks the API.
func (r *rack) get(path string) answer { r.t.Helper(); return r.do("GET", r.api(path), "") }

// rackGet asks the listener for boards.
func (r *rack) rackGet(path string) answer {
	r.t.Helper()
	return r.do("GET", fmt.Sprintf("http://127.0.0.1:%d%s", r.ports.http, path), "")
}

// raw sends bytes to a port and gives what comes back until the server closes.
func raw(t *testing.T, port int, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	must(t, err)
	defer func() { _ = c.Close() }() // was read
	must(t, c.SetDeadline(time.Now().Add(patience)))
	_, _ = io.WriteString(c, text) // the server may have heard enough
	data, _ := io.ReadAll(c)       // what came is judged
	return string(data)
}

// tftp asks for a name, again if a packet was lost, and gives the first packet's code and text.
func (r *rack) tftp(name string) (code byte, text string) {
	r.t.Helper()
	r.until(fmt.Sprintf("TFTP answers to %.60q", name), func() bool {
		code, text = r.tftpOnce([]byte("\x00\x01" + name + "\x00octet\x00"))
		return code != 0
	})
	return code, text
}

// tftpOnce sends a packet; code 0: no answer within 3 s.
func (r *rack) tftpOnce(packet []byte) (code byte, text string) {
	r.t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(r.t, err)
	defer func() { _ = c.Close() }() // was read
	must(r.t, c.SetDeadline(time.Now().Add(3*time.Second)))
	_, err = c.WriteToUDP(packet, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: r.ports.tftp})
	must(r.t, err)
	buf := make([]byte, 2048)
	n, from, err := c.ReadFromUDP(buf)
	if err != nil || n < 4 {
		return 0, ""
	}
	if buf[1] == 3 { // the whole file is in one packet here
		_, _ = c.WriteToUDP([]byte{0, 4, buf[2], buf[3]}, from) // at worst it is sent again
	}
	return buf[1], string(bytes.TrimRight(buf[4:n], "\x00"))
}

// boardState is what the API says of a board.
type boardState struct {
	Name    string `json:"name"`
	State   string `json:"state"`
	Attempt uint32 `json:"attempt"`
	Visit   uint64 `json:"visit"`
	Image   string `json:"image"`
}

func (r *rack) board(name string) boardState {
	r.t.Helper()
	var b boardState
	if a := r.get("/api/v1/boards/" + name); a.status != 200 || json.Unmarshal([]byte(a.body), &b) != nil {
		r.t.Fatalf("%s is not shown: %+v", name, a)
	}
	return b
}

// image asks for v2 on boards.
func (r *rack) image(names ...string) {
	r.t.Helper()
	for _, name := range names {
		if a := r.wish(name); a.status != http.StatusAccepted {
			r.t.Fatalf("%s: %+v", name, a)
		}
	}
}

func (r *rack) wish(name string) answer {
	r.t.Helper()
	return r.do("POST", r.api("/api/v1/boards/"+name+"/image"), `{"image":"v2"}`)
}

// names are the simulated boards.
func (r *rack) names() (names []string) {
	for _, b := range r.boards.Boards {
		names = append(names, b.Name())
	}
	return names
}

// allReady waits until every simulated board runs v2.
func (r *rack) allReady() {
	r.t.Helper()
	r.until("every board is ready", func() bool {
		for _, name := range r.names() {
			if b := r.board(name); b.State != "ready" || b.Image != "v2" {
				return false
			}
		}
		return true
	})
}

// snapshot is what may not move: each board's visit, and all that the relay was told.
func (r *rack) snapshot() string {
	r.t.Helper()
	text := fmt.Sprint("relay commands ", len(r.relay.Journal()))
	for _, name := range append(r.names(), byHand) {
		text += fmt.Sprintf("; %+v", r.board(name))
	}
	return text
}

// unmoved fails if anything moved since the snapshot.
func (r *rack) unmoved(before string) {
	r.t.Helper()
	if now := r.snapshot(); now != before {
		r.t.Errorf("it moved\nfrom %s\nto   %s", before, now)
	}
}

// until waits for a condition, within the test's patience.
func (r *rack) until(what string, ok func() bool) {
	r.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			r.t.Fatalf("waited %v in vain until %s; boards: %s", patience, what, r.get("/api/v1/boards").body)
		case <-tick.C:
		}
	}
}

// says fails unless the text has all the words that a person needs.
func says(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q does not say %q", text, w)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
