package packaging

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"mozpool/cmd/mozpool/demo"
	"mozpool/cmd/mozpool/demo/several"
	"mozpool/cmd/mozpool/server/servertest"
)

// What is scraped, by job.
const (
	alone    = "alone"    // a demo of one server, with faults
	together = "together" // a cluster of three
	traced   = "traced"   // a server without boards, whose traces are collected; asked for those only
)

// rightlyEmpty are metrics that a job has not, each with the reason. One that it has after all must be struck out.
var rightlyEmpty = []struct{ job, metrics, why string }{
	{alone, "mozpool_cluster_", "it is of no cluster"},
	{alone, "mozpool_traces_", "nobody collects its traces"},
	{together, "mozpool_traces_", "nobody collects their traces"},
}

// TestScraped has a real Prometheus scrape real servers at work, and asks it all that the dashboard asks, and for all that
// an alert looks at. Every query has data from each job.
func TestScraped(t *testing.T) {
	if os.Getenv("MOZPOOL_E2E") == "" {
		t.Skip("set MOZPOOL_E2E=1: it images boards while Prometheus watches")
	}
	program, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("needs prometheus, of Debian's package of that name")
	}
	t.Setenv("TMPDIR", t.TempDir()) // of the racks
	c := cluster(t)
	targets := map[string][]string{alone: {rack(t)}, traced: {collected(t)}}
	for _, p := range c.Servers {
		targets[together] = append(targets[together], p.API)
	}
	p := watch(t, program, targets)
	if err := c.WishAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	queries := append(dashboardQueries(t), alertSelectors(t)...)
	for job := range targets {
		for _, q := range queries {
			if why, _ := empty(job, q); why == "" {
				p.until("data from "+job+" for "+q, func() bool { return p.answers(ofJob(job, q)) })
			}
		}
	}
	for job := range targets {
		for _, q := range queries {
			if why, listed := empty(job, q); listed && p.answers(ofJob(job, q)) {
				t.Errorf("%s has data for %s, although %s: strike it from the list", job, q, why)
			}
		}
	}
	p.until("the rules to be good", func() bool { return p.rulesGood() })
	shown := string(read(t, "dashboard.json"))
	for _, name := range p.names() {
		name = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if !strings.Contains(shown, name) && !slices.Contains(notShown, name) {
			t.Errorf("a server has %s, which is nowhere on the dashboard", name)
		}
	}
}

// empty says why a job has no data for a query; listed: it is one of rightlyEmpty.
func empty(job, query string) (why string, listed bool) {
	for _, e := range rightlyEmpty {
		if e.job == job && strings.Contains(query, e.metrics) {
			return e.why, true
		}
	}
	if job == traced && !strings.Contains(query, "mozpool_traces_") {
		return "it is asked for traces only", false
	}
	return "", false
}

var ours = regexp.MustCompile(`\bmozpool_[a-z0-9_]+(\{[^}]*\})?`)

// ofJob asks for the metrics of one job only.
func ofJob(job, query string) string {
	return ours.ReplaceAllStringFunc(query, func(s string) string {
		name, labels, _ := strings.Cut(strings.TrimSuffix(s, "}"), "{")
		return name + `{job="` + job + `",` + labels + "}"
	})
}

// dashboardQueries are those of all panels, as Grafana would ask them.
func dashboardQueries(t *testing.T) (all []string) {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal(read(t, "dashboard.json"), &d); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("$__rate_interval", "5m", "$rack", ".*")
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all = append(all, fill.Replace(target.Expr))
		}
	}
	return all
}

// alertSelectors are what the rules look at: a rule itself has data only while it fires.
func alertSelectors(t *testing.T) (all []string) {
	t.Helper()
	var r rules
	if err := yaml.Unmarshal(read(t, "alerts.yaml"), &r); err != nil {
		t.Fatal(err)
	}
	for _, rule := range r.Groups[0].Rules {
		all = append(all, ours.FindAllString(rule.Expr, -1)...)
	}
	return all
}

// rack is a demo with faults; it goes on until the test ends.
func rack(t *testing.T) (api string) {
	t.Helper()
	out, in := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := demo.Run(ctx, demo.Options{Boards: 14, Speed: 30, Seed: 1, FaultRate: 0.1, Inventory: demo.NetBox, Out: in})
		ended <- err
		_ = in.Close() // nothing follows
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	api, ok := strings.CutPrefix(strings.TrimSpace(line), "api ")
	if err != nil || !ok {
		t.Fatalf("the demo began with %q, %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // ends with the demo
	return api
}

// cluster is three servers, with boards that nobody has wished anything for.
func cluster(t *testing.T) *several.Cluster {
	t.Helper()
	program := filepath.Join(t.TempDir(), "mozpool")
	run(t, "go", "build", "-o", program, "..")
	c, err := several.New(t.Context(), several.Options{Program: program, Servers: 3, Racks: 3, Boards: 6, Speed: 30, Seed: 1, Inventory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := c.WaitHeld(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// collected is a server that sends traces to somebody who takes them.
func collected(t *testing.T) (api string) {
	t.Helper()
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(collector.Close)
	return servertest.Run(t, t.TempDir(), "traces: {endpoint: \""+collector.URL+"\"}\n"+servertest.Small).APIURL()
}
