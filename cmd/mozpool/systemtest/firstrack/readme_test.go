package firstrack

import (
	"os"
	"strings"
	"testing"
)

// section is the part of the README that is executed.
const section = "## Your first rack"

// block is a fenced block of the section: a file to write, or commands.
type block struct {
	language string // as behind the fence: sh or yaml
	lines    []string
}

// blocks reads the README's section. A block's indentation is that of its fence.
func blocks(t *testing.T) []block {
	t.Helper()
	data, err := os.ReadFile("../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(data), "\n"+section+"\n")
	if !found {
		t.Fatalf("README.md has no section %q", section)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return parseBlocks(text)
}

func parseBlocks(text string) []block {
	var all []block
	open := false
	indent := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		bare := strings.TrimLeft(line, " ")
		switch {
		case strings.HasPrefix(bare, "```") && !open:
			open, indent = true, line[:len(line)-len(bare)]
			all = append(all, block{language: strings.TrimPrefix(bare, "```")})
		case strings.HasPrefix(bare, "```"):
			open = false
		case open:
			b := &all[len(all)-1]
			b.lines = append(b.lines, strings.TrimPrefix(line, indent))
		}
	}
	return all
}

func TestParseBlocks(t *testing.T) {
	t.Parallel()
	got := parseBlocks("1. x\n\n   ```sh\n   a b\n   c\n   ```\ntext\n```yaml\n# f\nk:\n  v\n```\n")
	if len(got) != 2 || strings.Join(got[0].lines, "|") != "a b|c" || got[0].language != "sh" || strings.Join(got[1].lines, "|") != "# f|k:|  v" {
		t.Errorf("%+v", got)
	}
}
