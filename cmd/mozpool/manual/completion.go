package manual

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// Shells are those that completion is written for.
var Shells = []string{"bash", "zsh", "fish"}

// Completion is what a shell reads to complete the command line.
func Completion(app *kong.Application, shell string) (string, error) {
	switch shell {
	case "bash":
		return bash(app), nil
	case "zsh": // knows how to read bash's
		return "#compdef mozpool\nautoload -U +X bashcompinit && bashcompinit\n" + bash(app), nil
	case "fish":
		return fish(app), nil
	}
	return "", fmt.Errorf("there is no completion for %q; use %s", shell, strings.Join(Shells, ", "))
}

// bash walks the words that were typed down the commands, then offers what may come there: commands, flags, the words
// of a flag, and boards' names where boards are meant, which it asks the server for.
func bash(app *kong.Application) string {
	all := commands(app.Node, "")
	var out strings.Builder
	out.WriteString("_mozpool() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at= word words=\n")
	out.WriteString("  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case \"$at $word\" in\n    ")
	for _, c := range all[1:] {
		fmt.Fprintf(&out, "' %s'|", c.path)
	}
	out.WriteString("'') at=\"$at $word\" ;;\n    esac\n  done\n  case \"$at|$prev\" in\n")
	for _, c := range all {
		for _, f := range flags(c.node) {
			writeEnum(&out, c.path, f)
		}
	}
	out.WriteString("  esac\n  [ -n \"$words\" ] || case \"$at\" in\n")
	for _, c := range all {
		fmt.Fprintf(&out, "  '%s') words='%s' ;;\n", lead(c.path), strings.Join(offered(c), " "))
	}
	out.WriteString("  esac\n  case \"$at|$cur\" in\n  *'|-'*) ;;\n")
	for _, c := range all {
		if meansBoards(c) {
			fmt.Fprintf(&out, "  '%s|'*) words=\"$words $(timeout 2 mozpool board list -o name 2>/dev/null)\" ;;\n", lead(c.path))
		}
	}
	out.WriteString("  esac\n  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\ncomplete -o default -F _mozpool mozpool\n")
	return out.String()
}

func lead(path string) string {
	if path == "" {
		return ""
	}
	return " " + path
}

// writeEnum offers the words that a flag takes, wherever the flag may stand.
func writeEnum(out *strings.Builder, path string, f *kong.Flag) {
	words := enum(f.Value)
	if words == "" {
		return
	}
	pattern := fmt.Sprintf("'%s'*'|--%s'", lead(path), f.Name)
	if f.Short != 0 {
		pattern += fmt.Sprintf("|'%s'*'|-%c'", lead(path), f.Short)
	}
	fmt.Fprintf(out, "  %s) words='%s' ;;\n", pattern, words)
}

func enum(v *kong.Value) string {
	if v.Enum == "" {
		return ""
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(v.Enum, ",", " ")), " ")
}

// offered are the words that may come next.
func offered(c command) []string {
	var words []string
	for _, n := range children(c.node) {
		words = append(words, n.Name)
	}
	for _, p := range c.node.Positional {
		if w := enum(p); w != "" {
			words = append(words, w)
		}
	}
	for _, f := range inherited(c.node) {
		words = append(words, "--"+f.Name)
	}
	return append(words, "--help")
}

// meansBoards says whether a command's arguments are boards.
func meansBoards(c command) bool {
	if !strings.HasPrefix(c.path, "board ") {
		return false
	}
	for _, p := range c.node.Positional {
		if p.Name == "name" {
			return true
		}
	}
	return false
}

// fish offers the same, with what each word means.
func fish(app *kong.Application) string {
	all := commands(app.Node, "")
	var out strings.Builder
	out.WriteString("function __mozpool_at\n  set -l at\n  for word in (commandline -opc)[2..]\n    switch (string join ' ' $at $word)\n      case")
	for _, c := range all[1:] {
		fmt.Fprintf(&out, " '%s'", c.path)
	}
	out.WriteString("\n        set at $at $word\n    end\n  end\n  test (string join ' ' $at) = \"$argv[1]\"\nend\n")
	for _, c := range all {
		at := fmt.Sprintf("complete -c mozpool -f -n '__mozpool_at \"%s\"'", c.path)
		for _, n := range children(c.node) {
			fmt.Fprintf(&out, "%s -a %s -d %s\n", at, n.Name, quoted(n.Help))
		}
		for _, f := range inherited(c.node) {
			fmt.Fprintf(&out, "%s -l %s%s -d %s\n", at, f.Name, fishValue(f), quoted(f.Help))
		}
		for _, p := range c.node.Positional {
			if w := enum(p); w != "" {
				fmt.Fprintf(&out, "%s -a %s\n", at, quoted(w))
			}
		}
		if meansBoards(c) {
			fmt.Fprintf(&out, "%s -a '(timeout 2 mozpool board list -o name 2>/dev/null)'\n", at)
		}
	}
	return out.String()
}

func fishValue(f *kong.Flag) string {
	switch w := enum(f.Value); {
	case w != "":
		return " -x -a " + quoted(w)
	case f.IsBool():
		return ""
	default:
		return " -r"
	}
}

func quoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
