package boardsim

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// TestMakeImage: the same name and size give the same bytes; another name gives others.
func TestMakeImage(t *testing.T) {
	t.Parallel()
	first := makeImage(t, Image{Name: "v1", TCP: 22})
	if len(first) != imageSize || !bytes.Equal(first, makeImage(t, Image{Name: "v1", TCP: 22})) {
		t.Error("not always the same")
	}
	other := makeImage(t, Image{Name: "v2", TCP: 22})
	if bytes.Equal(first[sector:], other[sector:]) {
		t.Error("two images have the same content")
	}
	img, err := readImage(bytes.NewReader(append(first, "what was on the card before"...)))
	if err != nil || img.Name != "v1" || img.TCP != 22 || img.Size != imageSize {
		t.Errorf("%+v, %v", img, err)
	}
}

func TestMakeImageRefuses(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{0, -512, 512, 1025} {
		if err := MakeImage(io.Discard, Image{Name: "v1"}, size); err == nil || !strings.Contains(err.Error(), "v1") {
			t.Errorf("size %d: %v", size, err)
		}
	}
	if err := MakeImage(io.Discard, Image{Name: "v1", Banner: strings.Repeat("x", sector)}, imageSize); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("a long banner: %v", err)
	}
	if err := MakeImage(failing{}, Image{Name: "v1"}, imageSize); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a failing writer: %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestCorruption: one bit, anywhere, and the image does not boot.
func TestCorruption(t *testing.T) {
	t.Parallel()
	good := makeImage(t, Image{Name: "v1"})
	for name, at := range map[string]int{"magic": 3, "header": 14, "first byte": sector, "middle": imageSize / 2, "last byte": imageSize - 1} {
		bad := bytes.Clone(good)
		bad[at] ^= 0x10
		if img, err := readImage(bytes.NewReader(bad)); err == nil {
			t.Errorf("%s: read as %+v", name, img)
		}
	}
	for _, n := range []int{0, 100, sector, imageSize - 1} {
		if _, err := readImage(bytes.NewReader(good[:n])); err == nil {
			t.Errorf("%d bytes were enough", n)
		}
	}
	head := `{"name":"x","size":9}`
	huge := append([]byte(imageMagic+head+"\n"+hexSum([]byte(head))+"\n"), make([]byte, sector)...)
	if _, err := readImage(bytes.NewReader(huge)); err == nil || !strings.Contains(err.Error(), "header") {
		t.Errorf("an impossible size: %v", err)
	}
}

// TestImageAnswers looks at a running image as the server's probes do, and at its silence once the power is off.
func TestImageAnswers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.publish(false)
	s.answer("/up", http.StatusConflict, http.StatusServiceUnavailable, http.StatusOK)
	b := newBoard(t, s, nil)
	b.runs(t, Image{Name: "v1", TCP: 7022, Banner: "SSH-2.0-sim\r\n", HTTP: 7080, Callback: true})
	b.PowerOn()
	b.wait(t, ImageUp, 1)
	eventually(t, "told until it was heard", func() bool { return s.asked("/up?image=v1") == 3 })

	tcp, web := at(b, 7022), "http://"+at(b, 7080)+"/health"
	conn, err := net.Dial("tcp", tcp)
	if err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(conn)
	if err != nil || string(said) != "SSH-2.0-sim\r\n" {
		t.Errorf("%q, %v", said, err)
	}
	_ = conn.Close() // was read to its end
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(web)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close() // was read to its end
	if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(text), "v1") {
		t.Errorf("%s %q %v", res.Status, text, err)
	}

	b.PowerOff()
	b.wait(t, PoweredOff, 1)
	for _, address := range []string{tcp, at(b, 7080)} {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close() // nothing was to be read
			t.Errorf("%s answers without power", address)
		}
	}
	b.PowerOn()
	b.wait(t, ImageUp, 2) // and its ports are free again
	if b.Count(Fault) != 0 {
		t.Errorf("%s", b.fault(0))
	}
}

func at(b *watched, port int) string {
	return net.JoinHostPort(b.cfg.Address.String(), strconv.Itoa(port))
}

// TestImageCannotListen: a port that is taken is a fault that says so, and the image runs on.
func TestImageCannotListen(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.publish(false)
	b := newBoard(t, s, nil)
	taken, err := net.Listen("tcp4", at(b, 7022))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }() // nothing was to be read
	b.runs(t, Image{Name: "v1", TCP: 7022})
	b.PowerOn()
	b.wait(t, ImageUp, 1)
	b.wait(t, Fault, 1)
	if !strings.Contains(b.fault(0), "v1 cannot listen") {
		t.Errorf("%s", b.fault(0))
	}
}
