package packaging

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v4"

	"mozpool/actors/inventory/keeper"
	"mozpool/cmd/mozpool/server"
	"mozpool/cmd/mozpool/server/servertest"
)

// families are the metrics of a real server: name to labels.
func families(t *testing.T) map[string][]string {
	t.Helper()
	s := servertest.Open(t, t.TempDir(), "traces: {endpoint: \"http://127.0.0.1:1\"}\n"+servertest.Small)
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	ch := make(chan *prometheus.Desc)
	go func() { // ends once all is described; what a server alone and without an inventory has not, comes from its makers
		s.Registry().Describe(ch)
		server.ClusterMetrics{}.Describe(ch)
		server.ClockMetrics{}.Describe(ch)
		new(keeper.Keeper).Describe(ch)
		close(ch)
	}()
	all := make(map[string][]string)
	shape := regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)
	for d := range ch {
		if m := shape.FindStringSubmatch(d.String()); m != nil {
			all[m[1]] = strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	return all
}

var (
	metric   = regexp.MustCompile(`\bmozpool_[a-z0-9_]+`)
	selector = regexp.MustCompile(`(mozpool_[a-z0-9_]+)\{([^}]*)\}`)
	matcher  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
)

// family finds the metric that a name in an expression is of: histograms have three.
func family(all map[string][]string, name string) (labels []string, ok bool) {
	if labels, ok = all[name]; ok {
		return labels, true
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, cut := strings.CutSuffix(name, suffix); cut {
			if labels, ok = all[base]; ok {
				return append(slices.Clone(labels), "le"), true
			}
		}
	}
	return nil, false
}

// holds checks an expression's metrics, and the labels that it selects by.
func holds(all map[string][]string, expr string) (wrong []string) {
	names := metric.FindAllString(expr, -1)
	if len(names) == 0 {
		return []string{"asks for no metric of ours"}
	}
	for _, name := range names {
		if _, ok := family(all, name); !ok {
			wrong = append(wrong, "there is no metric "+name)
		}
	}
	for _, s := range selector.FindAllStringSubmatch(expr, -1) {
		labels, _ := family(all, s[1])
		for _, l := range matcher.FindAllStringSubmatch(s[2], -1) {
			if !slices.Contains(labels, l[1]) {
				wrong = append(wrong, s[1]+" has no label "+l[1])
			}
		}
	}
	return wrong
}

// TestNamesOfMetrics: as the house has them, and no label that grows with the boards.
func TestNamesOfMetrics(t *testing.T) {
	known := []string{"rack", "state", "blame", "result", "protocol", "event", "status", "reason", "version", "commit", "go", "change", "server", "kind", "used"}
	for name, labels := range families(t) {
		if !strings.HasPrefix(name, "mozpool_") {
			continue // of the process and of Go
		}
		if !regexp.MustCompile(`^mozpool_(actors|netboot|persistence|server|cluster|inventory|traces)_([a-z_]+_)?(total|seconds|current|limit|held|queued|commits|boots|info|records|changes)$`).MatchString(name) {
			t.Errorf("%s is not named as the others", name)
		}
		for _, l := range labels {
			if !slices.Contains(known, l) {
				t.Errorf("%s has the label %q", name, l)
			}
		}
	}
}

type rules struct {
	Groups []struct {
		Rules []struct {
			Alert, Expr string
			Labels      map[string]string
			Annotations map[string]string
		}
	}
}

func TestAlerts(t *testing.T) {
	data, err := os.ReadFile("alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var r rules
	if err := yaml.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	all := families(t)
	for _, rule := range r.Groups[0].Rules {
		for _, wrong := range holds(all, rule.Expr) {
			t.Errorf("%s: %s", rule.Alert, wrong)
		}
		if rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
			t.Errorf("%s does not say how bad it is, what it is, and where to look", rule.Alert)
		}
	}
}

// TestAlertsWithPromtool lets Prometheus' own tool read the rules.
func TestAlertsWithPromtool(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed (Debian: prometheus); the rules' syntax is not checked")
	}
	if out, err := exec.Command(tool, "check", "rules", "alerts.yaml").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

type dashboard struct {
	Panels []struct {
		Title   string
		Targets []struct{ Expr string }
	}
}

// TestAlertsFire: every rule fires alone on figures that are bad, and is silent on figures that are nearly so.
func TestAlertsFire(t *testing.T) {
	data, err := os.ReadFile("alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var r rules
	if err := yaml.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	cases, err := os.ReadFile(filepath.Join("testdata", "alerts_test.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range r.Groups[0].Rules {
		for _, does := range []string{"fires", "is silent"} {
			if !strings.Contains(string(cases), "name: "+rule.Alert+" "+does+"\n") {
				t.Errorf("there is no case in which %s %s", rule.Alert, does)
			}
		}
	}
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed (Debian: prometheus); whether rules fire is not checked")
	}
	run(t, tool, "test", "rules", filepath.Join("testdata", "alerts_test.yaml"))
}

func TestDashboard(t *testing.T) {
	data, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	all, shown := families(t), string(data)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			for _, wrong := range holds(all, target.Expr) {
				t.Errorf("%s: %s", p.Title, wrong)
			}
		}
	}
	for name := range all {
		if strings.HasPrefix(name, "mozpool_") && !strings.Contains(shown, name) && !slices.Contains(notShown, name) {
			t.Errorf("%s is nowhere on the dashboard", name)
		}
	}
}

// notShown are metrics that would make a dull picture.
var notShown = []string{"mozpool_server_build_info", "mozpool_actors_relay_boards_current", "mozpool_persistence_log_lines_total"}

// TestHolds: the check itself finds a wrong name and a wrong label.
func TestHolds(t *testing.T) {
	t.Parallel()
	all := map[string][]string{"mozpool_a_b_seconds": {"rack"}}
	for expr, good := range map[string]bool{
		`rate(mozpool_a_b_seconds_bucket{rack="r1",le="1"}[5m])`: true,
		`mozpool_a_b_seconds{board="b"}`:                         false,
		`mozpool_a_c_seconds`:                                    false,
		`up`:                                                     false,
	} {
		if wrong := holds(all, expr); (len(wrong) == 0) != good {
			t.Errorf("%s: %v", expr, wrong)
		}
	}
}
