// Package syslogpeers puts a server's syslog and rsyslog under the same load, in one run: 500 boards on addresses of
// their own, at rates that rise until lines are lost.
//
// It decides what is compared: the highest rate at which every line is found again by board, in order, byte for byte,
// and the CPU time for a line. It has only tests; "make bench-peers" runs them. rsyslog writes a file a board and looks
// no names up, as somebody who knows it would have it; a machine without it measures this server alone.
package syslogpeers
