package power_test

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mozpool/relayproto"
	"mozpool/relayproto/power"
	"mozpool/relayproto/power/outletsim"
)

var paths = map[outletsim.Style]string{
	outletsim.Tasmota: "/cm?cmnd=Power1",
	outletsim.Shelly1: "/relay/0",
	outletsim.Shelly2: "/rpc/Switch.Set?id=0",
	outletsim.Daemon:  `/; on=PUT /outlets/7 {"state":"on"}; off=PUT /outlets/7 {"state":"off"}; status=GET /outlets/7 => "state":"on" | "state":"off"`,
}

const password = "g&h im/1+ü"

func TestPasswords(t *testing.T) {
	t.Parallel()
	for style, path := range paths {
		t.Run(string(style), func(t *testing.T) {
			t.Parallel()
			sim := strip(t, outletsim.Options{Style: style, User: "rack", Password: password})
			file := filepath.Join(t.TempDir(), "password")
			write(t, file, "wrong-"+password+"\n")
			spec := parse(t, "http://"+sim.Addr()+path+"; user=rack; password-file="+file)
			s := open(t, spec, power.Options{})
			err := s.MakeOff(spec)
			if !errors.Is(err, relayproto.ErrFailed) || !strings.Contains(err.Error(), "password") {
				t.Fatal(err)
			}
			write(t, file, password+"\n") // it may change under a running server
			again := open(t, spec, power.Options{})
			if err := again.MakeOff(spec); err != nil {
				t.Fatal(err)
			}
			said := fmt.Sprint(err, s.Exchange(), again.Exchange(), spec)
			for _, e := range []power.Session{s, again} {
				for _, step := range e.Exchange().Steps {
					said += string(step.Sent) + string(step.Read) + step.Error
				}
			}
			for _, part := range []string{"h im", "g%26h", "im/1"} {
				if strings.Contains(said, part) {
					t.Fatalf("a password is shown: %s", said)
				}
			}
			for _, r := range sim.Journal() {
				if style == outletsim.Shelly2 && strings.HasPrefix(r.Authorization, "Basic") {
					t.Error("a device that wants a digest got the password in the clear")
				}
			}
		})
	}
}

// A device that repeats what it was sent must not bring the password into logs.
func TestEchoedPasswordIsHidden(t *testing.T) {
	t.Parallel()
	sim := strip(t, outletsim.Options{Style: outletsim.Tasmota})
	body := `you said ` + password + ` and g%26h+im%2F1%2B%C3%BC`
	sim.SetFaults(outletsim.Faults{Nonsense: fmt.Appendf(nil, "HTTP/1.1 400 No\r\nContent-Length: %d\r\n\r\n%s", len(body), body)})
	spec := parse(t, "http://"+sim.Addr()+"/cm; user=rack; password-env=PW")
	s := open(t, spec, power.Options{Getenv: func(string) (string, bool) { return password, true }})
	err := s.MakeOff(spec)
	said := fmt.Sprint(err) + string(s.Exchange().Steps[0].Read)
	if !errors.Is(err, relayproto.ErrFailed) || !strings.Contains(said, "you said *** and ***") || strings.Contains(said, "im") {
		t.Fatal(said)
	}
}

func TestNoPasswordSendsNothing(t *testing.T) {
	t.Parallel()
	sim := strip(t, outletsim.Options{Style: outletsim.Shelly1})
	empty := filepath.Join(t.TempDir(), "empty")
	write(t, empty, "\n")
	for options, want := range map[string]string{
		"user=u; password-env=MISSING":          "MISSING",
		"user=u; password-file=/no/such/file":   "/no/such/file",
		"user=u; password-file=" + empty:        "empty",
		"token-file=/no/such/token":             "/no/such/token",
		"ca-file=" + empty:                      "no certificate",
		"ca-file=/no/such/certificate":          "/no/such/certificate",
		"user=u; password-file=" + empty + "/x": "not a directory",
	} {
		spec := parse(t, "http://"+sim.Addr()+"/relay/0; "+options)
		err := open(t, spec, power.Options{Getenv: func(string) (string, bool) { return "", false }}).MakeOff(spec)
		if !errors.Is(err, relayproto.ErrUnreachable) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", options, err)
		}
	}
	if n := len(sim.Journal()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	sim := strip(t, outletsim.Options{Style: outletsim.Daemon})
	spec := parse(t, "http://"+sim.Addr()+paths[outletsim.Daemon]+"; token-env=T")
	if err := open(t, spec, power.Options{Getenv: func(string) (string, bool) { return "t0ken", true }}).MakeOff(spec); err != nil {
		t.Fatal(err)
	}
	if r := sim.Journal()[0]; r.Authorization != "Bearer t0ken" || r.Method != "PUT" || r.Body != `{"state":"off"}` {
		t.Fatalf("%+v", r)
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		429: relayproto.ErrOccupied, 503: relayproto.ErrOccupied, 500: relayproto.ErrFailed, 404: relayproto.ErrFailed,
		403: relayproto.ErrFailed, 302: relayproto.ErrFailed, 307: relayproto.ErrFailed,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			elsewhere := strip(t, outletsim.Options{Style: outletsim.Shelly1})
			sim := strip(t, outletsim.Options{Style: outletsim.Shelly1})
			sim.SetFaults(outletsim.Faults{Status: status, Location: "http://" + elsewhere.Addr() + "/relay/0?turn=off"})
			spec := parse(t, "http://"+sim.Addr()+"/relay/0")
			err := open(t, spec, power.Options{}).MakeOff(spec)
			if !errors.Is(err, want) || !strings.Contains(err.Error(), fmt.Sprint(status)) {
				t.Fatal(err)
			}
			if len(elsewhere.Journal()) != 0 || len(sim.Journal()) != 1 {
				t.Fatal("a redirect was followed, or a request repeated")
			}
		})
	}
}

func TestAnswersOfNoSense(t *testing.T) {
	t.Parallel()
	body := func(text string) []byte {
		return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
	}
	for name, c := range map[string]struct {
		style  outletsim.Style
		answer []byte
		want   error
	}{
		"too long":          {outletsim.Shelly1, body(strings.Repeat("x", 1<<20)), relayproto.ErrNonsense},
		"endless header":    {outletsim.Shelly1, []byte("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20)), relayproto.ErrNonsense},
		"no HTTP":           {outletsim.Shelly1, []byte("220 ftp\r\n"), relayproto.ErrNonsense},
		"no JSON":           {outletsim.Shelly1, body("<html>on</html>"), relayproto.ErrNonsense},
		"no field":          {outletsim.Shelly1, body(`{"isoff":true}`), relayproto.ErrNonsense},
		"field of no kind":  {outletsim.Shelly2, body(`{"was_on":7}`), relayproto.ErrNonsense},
		"other outlet":      {outletsim.Tasmota, body(`{"POWER2":"ON"}`), relayproto.ErrNonsense},
		"unknown command":   {outletsim.Tasmota, body(`{"Command":"Unknown"}`), relayproto.ErrNonsense},
		"password wanted":   {outletsim.Tasmota, body(`{"WARNING":"Need user=<username>&password=<password>"}`), relayproto.ErrFailed},
		"on and off":        {outletsim.Daemon, body(`"state":"on" "state":"off"`), relayproto.ErrNonsense},
		"cut in the header": {outletsim.Shelly1, []byte("HTTP/1.1 200 OK\r\nContent-Le"), relayproto.ErrTimedOut},
		"cut in the body":   {outletsim.Shelly1, []byte("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), relayproto.ErrTimedOut},
		"nothing":           {outletsim.Shelly1, []byte{}, relayproto.ErrOccupied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := strip(t, outletsim.Options{Style: c.style})
			sim.SetFaults(outletsim.Faults{Nonsense: c.answer})
			spec := parse(t, "http://"+sim.Addr()+paths[c.style])
			_, err := open(t, spec, power.Options{}).Read(spec)
			if c.style != outletsim.Daemon && name != "field of no kind" {
				err = open(t, spec, power.Options{}).MakeOff(spec)
			}
			if name == "field of no kind" {
				err = open(t, spec, power.Options{}).MakeOn(spec)
			}
			if !errors.Is(err, c.want) || len(err.Error()) > 1000 {
				t.Fatalf("%.2000v; want %v", err, c.want)
			}
		})
	}
}

func TestHTTPCyclesOnly(t *testing.T) {
	t.Parallel()
	sim := strip(t, outletsim.Options{Style: outletsim.Daemon})
	spec := parse(t, "http://"+sim.Addr()+"/; cycle=POST /outlets/7/cycle => state")
	s := open(t, spec, power.Options{})
	if err := s.MakeOff(spec); !errors.Is(err, power.ErrCannot) {
		t.Fatal(err)
	}
	if sign, err := s.Test(); err != nil || !strings.Contains(sign.Text, "accepts connections") || len(sim.Journal()) != 0 {
		t.Fatalf("%+v, %v, %v", sign, err, sim.Journal())
	}
	if err := s.Cycle(spec); err != nil || len(sim.Journal()) != 1 {
		t.Fatalf("%v, %v", err, sim.Journal())
	}
	sim.SetFaults(outletsim.Faults{Drop: true})
	if err := s.Cycle(spec); !errors.Is(err, relayproto.ErrTimedOut) || len(sim.Journal()) != 2 {
		t.Fatalf("a lost answer: %v, %v", err, sim.Journal())
	}
}

// What is on the wire in one piece is done whole or not at all.
func TestRequestIsOneWrite(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	got := make(chan string, 1)
	go func() {
		defer close(got)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		buffer := make([]byte, 64<<10)
		n, _ := conn.Read(buffer)
		got <- string(buffer[:n])
		_ = conn.Close()
	}()
	spec := parse(t, "http://"+l.Addr().String()+`/; on=PUT /7 on; off=PUT /7 `+strings.Repeat("y", 700))
	if err := open(t, spec, power.Options{}).MakeOff(spec); !errors.Is(err, relayproto.ErrOccupied) {
		t.Fatal(err)
	}
	if first := <-got; !strings.HasPrefix(first, "PUT /7 HTTP/1.1\r\n") || !strings.HasSuffix(first, "yyy") {
		t.Fatalf("the first segment is %q", first)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"ison":%v}`, r.FormValue("turn") != "off")
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshakes that are to fail
	server.StartTLS()
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	write(t, file, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	trusted := parse(t, server.URL+"/relay/0; ca-file="+file)
	if on, err := open(t, trusted, power.Options{}).Read(trusted); !on || err != nil {
		t.Fatal(on, err)
	}
	unknown := parse(t, server.URL+"/relay/0")
	if _, err := open(t, unknown, power.Options{}).Read(unknown); !errors.Is(err, relayproto.ErrFailed) || !strings.Contains(err.Error(), "ca-file") {
		t.Fatal(err)
	}
	plain := parse(t, strings.Replace(server.URL, "https", "http", 1)+"/relay/0")
	if _, err := open(t, plain, power.Options{ReplyTimeout: time.Minute}).Read(plain); err == nil {
		t.Fatal("plain HTTP was taken for TLS")
	}
}

// deaf is an address that refuses connections as long as the test runs: its port is taken, and nobody listens.
func deaf(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", at.(*syscall.SockaddrInet4).Port)
}

func TestHTTPUnreachable(t *testing.T) {
	t.Parallel()
	line := "http://" + deaf(t) + "/relay/0"
	for line, want := range map[string]error{line: relayproto.ErrRefused, "http://outlets.invalid/relay/0": relayproto.ErrUnreachable} {
		spec := parse(t, line)
		if err := open(t, spec, power.Options{}).MakeOff(spec); !errors.Is(err, want) {
			t.Errorf("%s: %v; want %v", line, err, want)
		}
	}
}
