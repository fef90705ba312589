package hostile

import (
	"crypto/rand"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
)

// TestNamesThatLeadNowhere: no name leaves the folder, and every wrong one is refused at once.
func TestNamesThatLeadNowhere(t *testing.T) {
	r := newRack(t, 1, "127.91.0.0")
	r.start()
	before := r.snapshot()
	names := []string{"", ".", "/", "../secret", "../../secret", "boot/../../secret", "/../../../../etc/passwd", "/etc/passwd", r.dir + "/secret",
		`..\secret`, "%2e%2e/secret", "..%2fsecret", "....//secret", "pxelinux.0\x00.txt", "pxelinux.cfg/01-zz", "pxelinux.cfg/../../secret",
		"b/../../secret", strings.Repeat("a/", 200) + "x", strings.Repeat("x", 5000), "\xff\xfe", "boot/\n"}
	for _, name := range names {
		if !strings.Contains(name, "\x00") && len(name) < 1400 { // longer names fit no packet of a loader
			if code, text := r.tftp(name); code != 5 {
				t.Errorf("TFTP %.60q: code %d, %.60q", name, code, text)
			}
		}
		for _, port := range []int{r.ports.http, r.ports.api} {
			for _, prefix := range []string{"/boot/", "/b/", "/", "/api/v1/boards/"} {
				got := raw(t, port, "GET "+prefix+name+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
				if strings.Contains(got, "nobody may read this") || strings.Contains(got, "root:") {
					t.Errorf("HTTP gave a file away: %q %.60q", prefix, name)
				}
			}
		}
	}
	if code, text := r.tftp("any/prefix/pxelinux.0"); code != 3 || text != "a loader" {
		t.Errorf("a right name: code %d, %q", code, text)
	}
	r.unmoved(before)
}

// TestStrangers: a MAC address of no board gets no entry, and is listed for people.
func TestStrangers(t *testing.T) {
	r := newRack(t, 1, "127.92.0.0")
	r.start()
	before := r.snapshot()
	for i := range 1100 { // more than are kept
		c, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: r.ports.tftp})
		must(t, err)
		_, err = fmt.Fprintf(c, "\x00\x01pxelinux.cfg/01-02-aa-aa-aa-%02x-%02x\x00octet\x00", i>>8, i&255)
		must(t, err)
		must(t, c.Close())
	}
	r.until("the last one is refused", func() bool { // the burst may cost it a packet, as it would a loader
		code, text := r.tftp("pxelinux.cfg/01-02-aa-aa-aa-ff-ff")
		return code == 5 && text == "no such file"
	})
	says(t, r.get("/api/v1/discovered").body, "02:aa:aa:aa:ff:ff")
	r.unmoved(before)
}

// TestNoise: random bytes at every port break nothing, while a board is imaged at its first boot.
func TestNoise(t *testing.T) {
	r := newRack(t, 1, "127.93.0.0")
	r.start()
	before := r.snapshot()
	r.noise()
	r.unmoved(before)
	r.image(r.names()...)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 5 {
			r.noise()
		}
	})
	r.allReady()
	wg.Wait()
	if b := r.board(r.names()[0]); b.Attempt != 1 {
		t.Errorf("it took %d attempts", b.Attempt)
	}
}

// noise throws random bytes and broken requests at every port; what the kernel refuses of it is not missed.
func (r *rack) noise() {
	noise := make([]byte, 4096)
	for i := range 300 {
		_, _ = rand.Read(noise) // cannot fail
		for _, port := range []int{r.ports.tftp, r.ports.syslog} {
			r.throw(port, noise[:i*13%1400])
		}
	}
	for _, packet := range []string{"", "\x00", "\x00\x01", "\x00\x01\x00", "\x00\x01a", "\x00\x01a\x00", "\x00\x02secret\x00octet\x00", "\x00\x04\x00\x01",
		"\x00\x01pxelinux.0\x00octet\x00blksize\x00-1\x00", "\x00\x01pxelinux.0\x00octet\x00blksize\x0099999999999999999999\x00",
		"\x00\x01pxelinux.0\x00octet\x00windowsize\x000\x00", "\x00\x01pxelinux.0\x00octet\x00timeout\x00255\x00tsize\x00x\x00"} {
		r.throw(r.ports.tftp, []byte(packet))
	}
	for _, port := range []int{r.ports.http, r.ports.api} {
		for range 5 {
			_, _ = rand.Read(noise) // cannot fail
			if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
				_, _ = c.Write(append(noise, "\r\n\r\n"...))
				_ = c.Close()
			}
		}
	}
}

// throw sends a packet to a port.
func (r *rack) throw(port int, packet []byte) {
	if c, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}); err == nil {
		_, _ = c.Write(packet)
		_ = c.Close()
	}
}

// TestOversized: what is too large is refused with a word for it.
func TestOversized(t *testing.T) {
	r := newRack(t, 1, "127.94.0.0")
	r.start()
	before := r.snapshot()
	big := strings.Repeat("x", 2<<20)
	a := r.do("POST", r.api("/api/v1/boards/"+byHand+"/image"), `{"image":"`+big+`"}`)
	if a.status != 413 {
		t.Errorf("API: %d", a.status)
	}
	says(t, a.body, `"kind":"too_large"`, "remedy")
	head := "POST /b/AAAAAAAAAAAAAAAAAAAAAAAAAA/event/writing HTTP/1.1\r\nHost: x\r\nContent-Length: 2097152\r\n\r\n"
	if got := raw(t, r.ports.http, head+big); !strings.HasPrefix(got, "HTTP/1.1 413") {
		t.Errorf("boards: %.80q", got)
	}
	for _, port := range []int{r.ports.http, r.ports.api} {
		for _, head := range []string{"GET /readyz HTTP/1.1\r\nX: " + big, "GET /" + big, "POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n"} {
			if got := raw(t, port, head+"\r\n\r\n"); strings.HasPrefix(got, "HTTP/1.1 2") {
				t.Errorf("port %d took %.40q: %.80q", port, head, got)
			}
		}
	}
	r.unmoved(before)
}
