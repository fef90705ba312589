package live

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"mvdan.cc/sh/v3/syntax"
)

// endLine tells the first stage that the script arrived whole.
const endLine = "# end of second stage\n"

// SecondStage renders one self-contained script for one boot: the variables,
// safely quoted, the library, and body, a text/template over the fields that
// contracts.md lists (.Server, .URL, .Config.KEY …; the function q quotes a
// value for sh). A missing key, impossible variables and a body that sh would
// not parse are errors.
func SecondStage(v Vars, body string) ([]byte, error) {
	if err := v.Validate(); err != nil {
		return nil, fmt.Errorf("second stage of board %s: %w", v.Board, err)
	}
	rendered, err := renderBody(v, body)
	if err != nil {
		return nil, fmt.Errorf("second stage of board %s: %w", v.Board, err)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "#!/bin/sh\n# Second stage of board %s, attempt %d, boot %d.\n\n", oneLine(v.Board), v.Attempt, v.Boot)
	writeVars(&out, v)
	writeConfig(&out, v.Config)
	writeFacts(&out, v.Artifacts)
	for _, name := range libraries {
		out.WriteString("\n" + script(name))
	}
	// The body is a function, so that sh has read all of it before its first
	// command runs.
	out.WriteString("\nmp_body() {\n:\n" + rendered + "\n}\nmp_body\n" + endLine)
	return out.Bytes(), nil
}

// CheckScript says whether body may be an image's script: its template renders
// over sample values that know the given config keys, and the result is POSIX
// sh. It is called when images are loaded, so that no board finds out.
func CheckScript(body string, configKeys ...string) error {
	v := sample()
	for _, key := range configKeys {
		v.Config[key] = "value"
	}
	_, err := renderBody(v, body)
	return err
}

// sample are values of the shape that every boot has.
func sample() Vars {
	return Vars{
		URLs: []string{"http://192.0.2.1:8000/b/abcdefghijklmnopqrstuvwxyz"}, Server: "192.0.2.1", Syslog: "192.0.2.1:514",
		Board: "board1", MAC: "52:54:00:01:00:01", Rack: "r1", Hardware: "hardware", Image: "image", Attempt: 1, Boot: 1,
		Disk: "/dev/vda", Config: map[string]string{}, Append: "console=ttyS0",
		Kernel: "b/t/kernel", Initrd: "b/t/initrd", Fdt: "b/t/fdt", Squashfs: "http://192.0.2.1:8000/b/t/squashfs",
	}
}

// renderBody fills the template in and parses the result.
func renderBody(v Vars, body string) (string, error) {
	t, err := template.New("script").Option("missingkey=error").Funcs(template.FuncMap{"q": quote}).Parse(body)
	if err != nil {
		return "", fmt.Errorf("template: %w", err)
	}
	var out strings.Builder
	if err := t.Execute(&out, templateData(v)); err != nil {
		return "", fmt.Errorf("template: %w", err)
	}
	if _, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(out.String()), "script"); err != nil {
		return "", fmt.Errorf("not POSIX sh: %w", err)
	}
	return out.String(), nil
}

// templateData are the fields of contracts.md, and nothing else.
func templateData(v Vars) map[string]any {
	url := ""
	if len(v.URLs) > 0 {
		url = v.URLs[0]
	}
	config := v.Config
	if config == nil {
		config = map[string]string{}
	}
	return map[string]any{
		"Server": v.Server, "URL": url, "Kernel": v.Kernel, "Initrd": v.Initrd, "Fdt": v.Fdt, "Squashfs": v.Squashfs,
		"Append": v.Append, "Board": v.Board, "MAC": v.MAC, "Rack": v.Rack, "Hardware": v.Hardware, "Image": v.Image,
		"Attempt": v.Attempt, "Boot": v.Boot, "Disk": v.Disk, "Config": config,
	}
}

// writeVars writes the MP_… assignments.
func writeVars(out *bytes.Buffer, v Vars) {
	keep, _ := keepList(v.Keep) // validated by the caller
	readback := v.Readback
	if readback == "" {
		readback = ReadbackFull
	}
	for _, pair := range [][2]string{
		{"MP_URLS", strings.Join(v.URLs, " ")}, {"MP_URL", v.URLs[0]}, {"MP_SERVER", v.Server}, {"MP_SYSLOG", v.Syslog},
		{"MP_BOARD", v.Board}, {"MP_MAC", v.MAC}, {"MP_RACK", v.Rack}, {"MP_HARDWARE", v.Hardware}, {"MP_IMAGE", v.Image},
		{"MP_ATTEMPT", strconv.FormatUint(v.Attempt, 10)}, {"MP_BOOT", strconv.FormatUint(v.Boot, 10)},
		{"MP_DISK", v.Disk}, {"MP_KEEP", keep}, {"MP_READBACK", string(readback)},
	} {
		fmt.Fprintf(out, "%s=%s\n", pair[0], quote(pair[1]))
	}
}

// writeConfig writes mp_config_value, so that mp_config needs no network.
func writeConfig(out *bytes.Buffer, config map[string]string) {
	out.WriteString("\nmp_config_value() {\n\tcase $1 in\n")
	for _, key := range slices.Sorted(maps.Keys(config)) {
		fmt.Fprintf(out, "\t%s) printf '%%s\\n' %s ;;\n", quote(key), quote(config[key]))
	}
	out.WriteString("\t*) return 1 ;;\n\tesac\n}\n")
}

// writeFacts writes mp_facts, which sets what is known of an artifact.
func writeFacts(out *bytes.Buffer, artifacts []Artifact) {
	out.WriteString("\nmp_facts() {\n\tcase $1 in\n")
	for _, a := range artifacts {
		fmt.Fprintf(out, "\t%s)\n\t\tA_PATH=%s A_SIZE=%d A_SHA256=%s A_PACK=%s\n", quote(a.Name), quote(a.path()), a.Size, quote(a.SHA256), quote(string(a.Pack)))
		fmt.Fprintf(out, "\t\tA_SKIP=%d A_LEN=%d A_UNPACKED=%s\n", a.Start, a.Length, quote(a.Unpacked))
		fmt.Fprintf(out, "\t\tA_FILES=%s A_FILES_SHA256=%s\n", quote(a.Files), quote(a.FilesSHA256))
		fmt.Fprintf(out, "\t\tA_BLOCKS=%s A_BLOCKS_SHA256=%s A_BLOCK=%d\n\t\t;;\n", quote(a.Blocks), quote(a.BlocksSHA256), a.BlockSize)
	}
	out.WriteString("\t*) return 1 ;;\n\tesac\n}\n")
}

// quote makes one word of sh of any text. A NUL cannot be said in sh at all.
func quote(text string) string {
	text = strings.ReplaceAll(text, "\x00", "")
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// oneLine keeps a name from ending the comment it stands in.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return '?'
		}
		return r
	}, text)
}
