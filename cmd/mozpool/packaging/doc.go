// Package packaging holds what operators install beside the binary: alert rules and a dashboard for its metrics.
//
// It decides which figures are worth waking somebody for. It has no code of its own: the files are read by Prometheus
// and Grafana, and the tests here hold them against the metrics and labels that a server really has.
package packaging
