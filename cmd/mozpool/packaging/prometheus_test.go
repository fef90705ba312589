package packaging

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mozpool/cmd/mozpool/systemtest/port"
)

const (
	scrapeEvery = "1s"
	patience    = 2 * time.Minute // for what takes half a minute on an idle machine
)

// watcher is a Prometheus, a process of its own, which ends with the test.
type watcher struct {
	*testing.T
	url string
	end time.Time // of the patience
}

// watch starts one with our rules, and returns once it has scraped everything.
func watch(t *testing.T, program string, targets map[string][]string) *watcher {
	t.Helper()
	dir := t.TempDir()
	alerts, err := filepath.Abs("alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var conf strings.Builder
	fmt.Fprintf(&conf, "global: {scrape_interval: %s, evaluation_interval: %s}\nrule_files: [%q]\nscrape_configs:\n", scrapeEvery, scrapeEvery, alerts)
	count := 0
	for job, urls := range targets {
		count += len(urls)
		for i, u := range urls {
			urls[i] = strings.TrimPrefix(u, "http://")
		}
		fmt.Fprintf(&conf, "- {job_name: %s, static_configs: [{targets: [%s]}]}\n", job, strings.Join(urls, ", "))
	}
	path := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(path, []byte(conf.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	listen := fmt.Sprintf("127.0.0.1:%d", port.Free(t))
	said := &strings.Builder{}
	cmd := exec.Command(program, "--config.file="+path, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+listen, "--log.level=warn")
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // nothing of it is kept
		_ = cmd.Wait()         // it was killed
		if t.Failed() {
			t.Logf("Prometheus said:\n%s", said)
		}
	})
	p := &watcher{t, "http://" + listen, time.Now().Add(patience)}
	p.until("every server to be scraped", func() bool { return p.answers(fmt.Sprintf("count(up == 1) == %d", count)) })
	return p
}

// until waits for a condition.
func (p *watcher) until(what string, is func() bool) {
	p.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		if <-tick.C; time.Now().After(p.end) {
			p.Fatalf("waited in vain for %s", what)
		}
	}
}

// get asks Prometheus; false: it gave no answer that can be read.
func (p *watcher) get(path string, query url.Values, data any) bool {
	p.Helper()
	res, err := http.Get(p.url + path + "?" + query.Encode())
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }() // read only
	var a struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
		return false
	}
	if a.Status != "success" {
		p.Fatalf("Prometheus does not understand %s: %s", query, a.Error)
	}
	return json.Unmarshal(a.Data, data) == nil
}

// answers says whether a query gives a number now.
func (p *watcher) answers(query string) bool {
	p.Helper()
	var d struct {
		Result []struct{ Value [2]any }
	}
	if !p.get("/api/v1/query", url.Values{"query": {query}}, &d) {
		return false
	}
	for _, r := range d.Result {
		if r.Value[1] != "NaN" {
			return true
		}
	}
	return false
}

// rulesGood says whether every rule was evaluated, without an error.
func (p *watcher) rulesGood() bool {
	p.Helper()
	var d struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	if !p.get("/api/v1/rules", nil, &d) || len(d.Groups) == 0 {
		return false
	}
	for _, r := range d.Groups[0].Rules {
		if r.LastError != "" {
			p.Fatalf("%s: %s", r.Name, r.LastError)
		}
		if r.Health != "ok" {
			return false
		}
	}
	return true
}

// names are those of all our metrics that were scraped.
func (p *watcher) names() (ours []string) {
	p.Helper()
	var all []string
	if !p.get("/api/v1/label/__name__/values", nil, &all) {
		p.Fatal("Prometheus does not say which metrics it has")
	}
	for _, name := range all {
		if strings.HasPrefix(name, "mozpool_") {
			ours = append(ours, name)
		}
	}
	return ours
}
