package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// show prints a value in the form that was asked for. names are for -o name; t is for people.
func (c *Context) show(value any, names []string, t func() *table) error {
	switch c.Output {
	case "json":
		return c.showJSON(value)
	case "yaml":
		if _, err := fmt.Fprintln(c.Out, "---"); err != nil { // commands that show several things print a document for each
			return err
		}
		return c.showYAML(value)
	case "name":
		for _, n := range names {
			if _, err := fmt.Fprintln(c.Out, n); err != nil {
				return err
			}
		}
		return nil
	default:
		whole := t()
		if c.Output != "wide" {
			whole.narrow()
		}
		return whole.write(c.Out, c.Color)
	}
}

func (c *Context) showJSON(value any) error {
	enc := json.NewEncoder(c.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}

// showYAML prints the JSON form as YAML, with the same keys in the same order. JSON is YAML already; only the style
// of its nodes changes.
func (c *Context) showYAML(value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var node yaml.Node
	if err := yaml.Unmarshal(data, &node); err != nil {
		return err
	}
	blockStyle(&node)
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&node); err != nil {
		return err
	}
	_, err = c.Out.Write(out.Bytes())
	return err
}

// old are words that YAML 1.1, which many programs still read, takes for true and false.
var old = map[string]bool{"on": true, "off": true, "yes": true, "no": true, "y": true, "n": true}

func blockStyle(n *yaml.Node) {
	n.Style = 0
	if n.Tag == "!!str" && old[strings.ToLower(n.Value)] {
		n.Style = yaml.DoubleQuotedStyle
	}
	for _, child := range n.Content {
		blockStyle(child)
	}
}

// forPeople says whether what is shown is read by a person, not by a program.
func (c *Context) forPeople() bool { return c.Output == "table" || c.Output == "wide" }
