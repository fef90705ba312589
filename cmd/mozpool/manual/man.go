package manual

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// about is what the page says beside the commands.
type about struct{ section, text string }

// Page is the manual page mozpool(1).
func Page(app *kong.Application) []byte {
	var out strings.Builder
	fmt.Fprintf(&out, ".\\\" Made from the command line's grammar by make generate.\n.TH MOZPOOL 1\n.SH NAME\nmozpool \\- %s\n", roff(app.Help))
	out.WriteString(".SH SYNOPSIS\n.B mozpool\nNOUN VERB [ARGUMENT\\&...] [FLAG\\&...]\n")
	out.WriteString(".SH COMMANDS\n")
	for _, c := range commands(app.Node, "") {
		if c.path == "" {
			continue
		}
		fmt.Fprintf(&out, ".SS \"%s\"\n%s\n", roff(usage(c)), roff(c.node.Help))
		for _, p := range c.node.Positional {
			fmt.Fprintf(&out, ".TP\n.I %s\n%s\n", roff(strings.ToUpper(p.Name)), roff(p.Help))
		}
		writeFlags(&out, flags(c.node))
	}
	out.WriteString(".SH \"FLAGS OF ALL COMMANDS\"\n")
	writeFlags(&out, flags(app.Node))
	for _, a := range abouts {
		fmt.Fprintf(&out, ".SH \"%s\"\n%s", a.section, a.text)
	}
	return []byte(out.String())
}

func writeFlags(out *strings.Builder, all []*kong.Flag) {
	for _, f := range all {
		fmt.Fprintf(out, ".TP\n.B %s\n%s\n", roff(shown(f)), roff(f.Help))
	}
}

var abouts = []about{
	{"EXIT STATUS", terms("0", "It is done.", "1", "It failed, or any of several did.", "2", "The command line or the configuration is wrong.",
		"3", "There is no such thing.", "4", "The server refuses.", "5", "The server cannot be reached, or has to wait.")},
	{"ENVIRONMENT", terms("MOZPOOL_SERVER", "Address of the server to talk to.", "MOZPOOL_TOKEN", "Bearer token.",
		"MOZPOOL_CONTEXT", "Server to talk to, by its name in mozpool context list.", "MOZPOOL_CONTEXTS", "The file of those names.",
		"MOZPOOL_SERVER_NAME, MOZPOOL_DATA, MOZPOOL_FILES, MOZPOOL_API_LISTEN", "Over the keys of mozpool.yaml, for serve.",
		"SSL_CERT_FILE", "Certificates that are trusted, for servers with one of your own.", "NO_COLOR", "No colours.")},
	{"SEE ALSO", "/api/v1/openapi.html on the server is the API for programs.\n"},
}

func terms(pairs ...string) string {
	var out strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&out, ".TP\n.B %s\n%s\n", roff(pairs[i]), roff(pairs[i+1]))
	}
	return out.String()
}

// roff writes a text so that the formatter takes nothing in it for itself.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, `-`, `\-`, "…", `\&...`, `"`, `\(dq`).Replace(strings.Join(strings.Fields(text), " "))
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
