package cli

import (
	"mozpool/httpapi/report"
)

// Report is "mozpool report".
type Report struct {
	Output string `short:"o" enum:",table,json,yaml,html" default:"" placeholder:"FORM" help:"table, json, yaml, or html: a page that needs nothing beside it."`
	Since  string `default:"7d" help:"From this time on, or so long ago (24h, 7d)."`
	Rack   string `help:"Only boards of this rack."`
}

// Run shows how boards fared.
func (r *Report) Run(c *Context) error {
	made, err := c.Client.Report(c.Context, r.Since, r.Rack)
	if err != nil {
		return coded(err)
	}
	switch c.Output {
	case "html":
		return coded(report.HTML(c.Out, made))
	case "json", "yaml":
		return coded(c.show(made, nil, nil))
	}
	return coded(report.Text(c.Out, made))
}
