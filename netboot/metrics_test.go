package netboot

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// eventually waits until ok is nil: transfers and lines are counted just after they are seen elsewhere.
func eventually(t *testing.T, ok func() error) {
	t.Helper()
	limit := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal(err)
		}
	}
}

// TestMetricsOfBoards: transfers by both protocols, callbacks with their status, lines of boards and of strangers.
func TestMetricsOfBoards(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	if _, err := r.read(t, "lpxelinux.0"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.read(t, "nothing"); err == nil {
		t.Fatal("a name that is not there was read")
	}
	r.do(t, "GET", "/b/"+alive.String()+"/kernel")
	r.do(t, "GET", "/b/"+alive.String()+"/event/downloading")
	m := r.cfg.Metrics
	const want = `
# HELP mozpool_netboot_transfers_total Transfers to boards by protocol (tftp, http) and result: ok, broken (begun and not ended), absent (no such name).
# TYPE mozpool_netboot_transfers_total counter
mozpool_netboot_transfers_total{protocol="http",rack="r1",result="absent"} 0
mozpool_netboot_transfers_total{protocol="http",rack="r1",result="broken"} 0
mozpool_netboot_transfers_total{protocol="http",rack="r1",result="ok"} 1
mozpool_netboot_transfers_total{protocol="tftp",rack="r1",result="absent"} 1
mozpool_netboot_transfers_total{protocol="tftp",rack="r1",result="broken"} 0
mozpool_netboot_transfers_total{protocol="tftp",rack="r1",result="ok"} 1
`
	eventually(t, func() error { return testutil.CollectAndCompare(m.transfers, strings.NewReader(want)) })
	if got := testutil.ToFloat64(m.transferBytes.WithLabelValues("r1", viaHTTP)); got != float64(len("the kernel")) {
		t.Errorf("%v bytes by HTTP", got)
	}
	if got := testutil.ToFloat64(m.callbacks.WithLabelValues("r1", "downloading", "200")); got != 1 {
		t.Errorf("%v reports of downloading", got)
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.Addrs().Syslog))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }() // nothing was left to send
	if _, err := conn.Write([]byte("<13>hello")); err != nil {
		t.Fatal(err)
	}
	r.logs.wait(t, "hello")
	eventually(t, func() error {
		if got := testutil.ToFloat64(m.syslogLines.WithLabelValues("r1", "stored")); got != 1 {
			return fmt.Errorf("%v lines stored", got)
		}
		return nil
	})
}
