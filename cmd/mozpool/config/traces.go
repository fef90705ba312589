package config

import "net/url"

// Traces is where attempts that have ended are sent, as traces of OpenTelemetry.
type Traces struct {
	// Endpoint is the URL of a collector that takes OTLP over HTTP, such as
	// http://127.0.0.1:4318; without a path, /v1/traces is meant. Default:
	// none, and nothing is sent.
	Endpoint string `yaml:"endpoint"`
}

func (v *validator) traces(t Traces) {
	if t.Endpoint == "" {
		return
	}
	u, err := url.Parse(t.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		v.add("is no address of a collector", "write one such as http://127.0.0.1:4318, or leave it out", "traces", "endpoint")
	} else if u.User != nil {
		v.add("has a password in it, which logs would show", "set OTEL_EXPORTER_OTLP_HEADERS for the server instead", "traces", "endpoint")
	}
}
