package manual

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// grammar is a small command line with everything that the big one has.
type grammar struct {
	Server string `placeholder:"URL" help:"Server - to talk to."`
	Secret bool   `hidden:"" help:"Not for people."`
	Board  struct {
		Output string `short:"o" enum:",table,json" default:"" help:"Form."`
		List   struct {
			Name  []string `arg:"" optional:"" help:"Boards."`
			Watch bool     `help:"It's \"watching\"."`
		} `cmd:"" help:".List boards."`
		Power struct {
			Verb string   `arg:"" enum:"on,off" help:"What."`
			Name []string `arg:"" help:"Boards."`
		} `cmd:"" help:"Switch boards."`
	} `cmd:"" help:"Boards."`
	Ghost struct{} `cmd:"" hidden:"" help:"Nobody sees it."`
}

func app(t *testing.T) *kong.Application {
	t.Helper()
	k, err := kong.New(&grammar{}, kong.Description("Racks of boards."))
	if err != nil {
		t.Fatal(err)
	}
	return k.Model
}

func TestPage(t *testing.T) {
	t.Parallel()
	page := string(Page(app(t)))
	for _, want := range []string{
		".TH MOZPOOL 1\n", `.SS "mozpool board list [NAME\&...]"` + "\n" + `\&.List boards.`, `.SS "mozpool board power VERB NAME\&..."`,
		`.B \-o, \-\-output`, `Server \- to talk to.`, `It's \(dqwatching\(dq.`, ".SH \"EXIT STATUS\"\n.TP\n.B 0\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, secret := range []string{"secret", "host is", "ghost"} {
		if strings.Contains(page, secret) {
			t.Errorf("the page has %q", secret)
		}
	}
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, ".L") || strings.ContainsRune(line, '…') {
			t.Errorf("the formatter would stumble over %q", line)
		}
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for shell, want := range map[string][]string{
		"bash": {"' board list'|", "' board'*'|-o') words='table json'", "' board power') words='on off --output --server --help'", "' board list|'*"},
		"zsh":  {"#compdef mozpool\n", "bashcompinit", "_mozpool()"},
		"fish": {`-n '__mozpool_at "board"' -a list -d '.List boards.'`, `-l watch -d 'It\'s "watching".'`, `-l output -x -a 'table json'`, `-l server -r`},
	} {
		text, err := Completion(app(t), shell)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s lacks %q:\n%s", shell, w, text)
			}
		}
		if strings.Contains(text, "ghost") || strings.Contains(text, "secret") {
			t.Errorf("%s shows what is hidden", shell)
		}
	}
	if _, err := Completion(app(t), "csh"); err == nil {
		t.Error("csh was taken")
	}
}
