package netboot

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"mozpool/actors/board"
)

// Metrics are what boards fetch and say, for all racks of a server. nil: nothing is counted.
type Metrics struct {
	transfers     *prometheus.CounterVec
	transferBytes *prometheus.CounterVec
	tftpRepeated  *prometheus.CounterVec
	dumps         *prometheus.CounterVec
	callbacks     *prometheus.CounterVec
	syslogLines   *prometheus.CounterVec
	syslogLost    *prometheus.CounterVec
}

// NewMetrics makes the metrics of a server's racks and registers them.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		transfers: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mozpool_netboot_transfers_total",
			Help: "Transfers to boards by protocol (tftp, http) and result: ok, broken (begun and not ended), absent (no such name)."},
			[]string{"rack", "protocol", "result"}),
		transferBytes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mozpool_netboot_transfer_bytes_total",
			Help: "Bytes sent to boards."}, []string{"rack", "protocol"}),
		tftpRepeated: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mozpool_netboot_tftp_repeated_blocks_total",
			Help: "Blocks that were sent again because the board did not acknowledge them in time: lost packets, or a board that is busy."},
			[]string{"rack"}),
		dumps: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mozpool_netboot_crash_dumps_total",
			Help: "Crash dumps that boards wrote by result: kept, refused (no board's address, or beyond a limit), broken (begun and not ended)."},
			[]string{"rack", "result"}),
		callbacks: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mozpool_netboot_callbacks_total",
			Help: "What boards reported, by event and the status of the answer."}, []string{"rack", "event", "status"}),
		syslogLines: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mozpool_netboot_syslog_lines_total",
			Help: "Lines received by result: stored, stranger (from no board's address), dropped (counted by reason in the logs' own metrics)."},
			[]string{"rack", "result"}),
		syslogLost: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mozpool_netboot_syslog_overflow_total",
			Help: "Lines by UDP that the kernel dropped because the socket's buffer was full."}, []string{"rack"}),
	}
	r.MustRegister(m.transfers, m.transferBytes, m.tftpRepeated, m.dumps, m.callbacks, m.syslogLines, m.syslogLost)
	return m
}

// Protocols that files go by.
const (
	viaTFTP = "tftp"
	viaHTTP = "http"
)

// transferred counts a transfer that is over.
func (m *Metrics) transferred(rack, protocol string, sent int64, err error) {
	if m == nil {
		return
	}
	result := "ok"
	if err != nil {
		result = "broken"
	}
	m.transfers.WithLabelValues(rack, protocol, result).Inc()
	m.transferBytes.WithLabelValues(rack, protocol).Add(float64(sent))
}

// repeated counts blocks of a transfer that were sent again.
func (m *Metrics) repeated(rack string, blocks int64) {
	if m != nil {
		m.tftpRepeated.WithLabelValues(rack).Add(float64(blocks))
	}
}

// absent counts a name that nothing is behind.
func (m *Metrics) absent(rack, protocol string) {
	if m != nil {
		m.transfers.WithLabelValues(rack, protocol, "absent").Inc()
	}
}

// from0 has what becomes of a rack's transfers and crash dumps seen from 0 on: a counter that is first seen at 1 has not
// risen yet.
func (m *Metrics) from0(rack string) {
	if m == nil {
		return
	}
	for _, result := range []string{dumpKept, dumpRefused, dumpBroken} {
		m.dumps.WithLabelValues(rack, result)
	}
	for _, protocol := range []string{viaTFTP, viaHTTP} {
		for _, result := range []string{"ok", "broken", "absent"} {
			m.transfers.WithLabelValues(rack, protocol, result)
		}
		m.transferBytes.WithLabelValues(rack, protocol)
	}
	m.tftpRepeated.WithLabelValues(rack)
}

// dumped counts a crash dump.
func (m *Metrics) dumped(rack, result string) {
	if m != nil {
		m.dumps.WithLabelValues(rack, result).Inc()
	}
}

// called counts a report of a board. Kinds are a closed set by now.
func (m *Metrics) called(rack string, kind board.Kind, status int) {
	if m != nil {
		m.callbacks.WithLabelValues(rack, string(kind), strconv.Itoa(status)).Inc()
	}
}

// lineCount counts what became of a rack's lines of syslog. Its counters are looked up once, not for each line. The zero
// value counts nothing.
type lineCount struct {
	kept, foreign, refused, lost prometheus.Counter
}

// lines is where a rack's lines are counted, all of them seen from 0 on.
func (m *Metrics) lines(rack string) lineCount {
	if m == nil {
		return lineCount{}
	}
	return lineCount{m.syslogLines.WithLabelValues(rack, "stored"), m.syslogLines.WithLabelValues(rack, "stranger"),
		m.syslogLines.WithLabelValues(rack, "dropped"), m.syslogLost.WithLabelValues(rack)}
}

func (c lineCount) stored()   { count(c.kept, 1) }
func (c lineCount) stranger() { count(c.foreign, 1) }
func (c lineCount) dropped()  { count(c.refused, 1) }

// overflowed counts lines that never reached us.
func (c lineCount) overflowed(lines uint32) { count(c.lost, lines) }

func count(c prometheus.Counter, lines uint32) {
	if c != nil && lines > 0 {
		c.Add(float64(lines))
	}
}
