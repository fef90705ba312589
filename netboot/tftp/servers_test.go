package tftp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serveFolder names the variable that makes the test binary a server of that folder, so that its CPU time is counted apart
// from that of the clients.
const serveFolder = "MOZPOOL_TFTP_FOLDER"

// serveAlone serves a folder until it is interrupted.
func serveAlone(folder string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_ = conn.SetReadBuffer(1 << 20)
	fmt.Println(conn.LocalAddr())
	s := New(Config{MaxBlock: largestBlock, Open: func(name string, _ netip.AddrPort) (*File, error) {
		f, err := os.Open(filepath.Join(folder, filepath.Base(name)))
		if err != nil {
			return nil, errors.New("no such file")
		}
		info, err := f.Stat()
		return &File{Content: f, Size: info.Size()}, err
	}})
	if err := s.Serve(ctx, conn); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// peer is a TFTP server as a process of its own.
type peer struct {
	name    string
	windows bool // knows RFC 7440
	args    func(dir string, port uint16) []string
	port    uint16 // 0: a free one
	host    string
}

// peers are what Debian has. dnsmasq has no option for its port.
var peers = []peer{
	{name: "mozpool", windows: true},
	{name: "in.tftpd", args: func(dir string, port uint16) []string {
		return []string{"-L", "-s", dir, "-u", "root", "-a", fmt.Sprintf("127.0.0.1:%d", port)}
	}},
	// atftpd takes the rights of others away from its log file, which must not be /dev/null.
	{name: "atftpd", windows: true, args: func(dir string, port uint16) []string {
		return []string{"--daemon", "--no-fork", "--port", fmt.Sprint(port), "--bind-address", "127.0.0.1", "--user", "root", "--group", "root",
			"--maxthread", "2000", "--logfile", "-", dir}
	}},
	{name: "dnsmasq", port: 69, host: "127.0.0.69", args: func(dir string, _ uint16) []string {
		return []string{"-k", "--conf-file=/dev/null", "--port=0", "--enable-tftp", "--tftp-root=" + dir, "--tftp-max=2000", "--user=root",
			"--listen-address=127.0.0.69", "--bind-interfaces", "--log-facility=-", "--pid-file="}
	}},
}

// find looks for a server's program, also in the folder that MOZPOOL_PEERS names; "": it is not here.
func find(name string) string {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", filepath.Join(os.Getenv("MOZPOOL_PEERS"), "usr/sbin")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// process is a running server.
type process struct {
	cmd  *exec.Cmd
	addr netip.AddrPort
}

func (p peer) start(t testing.TB, dir string) *process {
	t.Helper()
	if p.name == "mozpool" {
		return startSelf(t, dir)
	}
	addr := netip.AddrPortFrom(loopback, p.port)
	if p.host != "" {
		addr = netip.AddrPortFrom(netip.MustParseAddr(p.host), p.port)
	}
	if p.port == 0 {
		conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(addr))
		if err != nil {
			t.Fatal(err)
		}
		addr = conn.LocalAddr().(*net.UDPAddr).AddrPort()
		_ = conn.Close()
	}
	cmd := exec.Command(find(p.name), p.args(dir, addr.Port())...)
	libraries, _ := filepath.Glob(filepath.Join(os.Getenv("MOZPOOL_PEERS"), "usr/lib/*-linux-gnu")) // the pattern is well-formed
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(libraries, ":"))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	x := &process{cmd, addr}
	c := client{server: addr, patience: 200 * time.Millisecond, tries: 150}
	if err := c.fetch("small", &sink{}); err != nil {
		x.stop(t, nil)
		t.Fatalf("%s does not answer: %v", p.name, err)
	}
	return x
}

func startSelf(t testing.TB, dir string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveFolder+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, err2 := netip.ParseAddrPort(strings.TrimSpace(line))
	if err := errors.Join(err, err2); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return &process{cmd, addr}
}

// stop ends the server and gives the CPU time that it and its children used: since m was made, else in all.
func (x *process) stop(t testing.TB, m *meter) time.Duration {
	t.Helper()
	var used time.Duration
	if m != nil {
		used = m.read(t)
	}
	if err := x.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	_ = x.cmd.Wait() // some end with an error when they are told to end
	if m != nil {
		m.close()
		return used
	}
	return x.cmd.ProcessState.SystemTime() + x.cmd.ProcessState.UserTime()
}
