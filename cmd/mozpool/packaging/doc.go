// Package packaging holds what operators install beside the binary: a systemd unit, the manual page and completions,
// and alert rules and a dashboard for its metrics.
//
// It decides which figures are worth waking somebody for. It has no code of its own: the files are read by systemd,
// Prometheus and Grafana, and the tests here hold them against the metrics and labels that a server really has, and
// against systemd's own judgement.
package packaging
