package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"mozpool/actors/inventory"
	"mozpool/cmd/mozpool/cli"
	"mozpool/cmd/mozpool/config"
	"mozpool/cmd/mozpool/doctor"
	"mozpool/cmd/mozpool/server"
	"mozpool/httpapi/client"
	"mozpool/netboot/images"
	"mozpool/persistence/strictyaml"
)

// doctorCommand is "mozpool doctor".
type doctorCommand struct {
	Config string        `default:"mozpool.yaml" placeholder:"FILE" help:"mozpool.yaml of the server on this machine, unless told otherwise."`
	Silent time.Duration `default:"168h" placeholder:"TIME" help:"Name boards whose loader has not asked for so long; 168h is a week."`
	Output string        `short:"o" enum:"table,json" default:"table" placeholder:"FORM" help:"table or json."`
}

// Run examines, prints, and ends with 1 where something is red.
func (c *doctorCommand) Run(ctx context.Context, p *program) error {
	cfg, _, err := loadConfig(c.Config, config.Overrides{})
	if err != nil {
		return err
	}
	api, asked, err := c.server(ctx, p, cfg)
	if err != nil {
		return err
	}
	site := doctor.Site{Config: cfg, Silent: c.Silent}
	if api != nil {
		site.Server = api
	}
	boards, found, err := askSources(ctx, cfg)
	if err != nil {
		return err
	}
	lists := readSite(ctx, &site, api, boards)
	report := doctor.Examine(ctx, site).With(lists).With(asked)
	for _, f := range found {
		report = report.With(f)
	}
	if c.Output == "json" {
		err = writeJSON(os.Stdout, report)
	} else {
		err = writeReport(os.Stdout, report)
	}
	if err == nil && report.Level == doctor.Red {
		return &cli.Error{Exit: exitFailed}
	}
	return err
}

// server asks whether one answers: at --server or MOZPOOL_SERVER, else where the configuration has it listen. nil: none does.
func (c *doctorCommand) server(ctx context.Context, p *program, cfg config.Config) (*client.Client, doctor.Finding, error) {
	f := doctor.Finding{Check: "server", Subject: cmp.Or(p.Server, os.Getenv("MOZPOOL_SERVER")), Level: doctor.Green, Text: "answers"}
	if f.Subject == "" {
		f.Subject = "http://" + cfg.API.Listen
		if cfg.API.Cert != "" {
			f.Subject = "https://" + cfg.API.Listen
		}
	}
	api, err := client.New(f.Subject, client.Options{Token: p.Token})
	if err != nil {
		return nil, f, usageError{err}
	}
	_, err = api.Racks(ctx)
	if err == nil {
		return api, f, nil
	}
	f.Level, f.Text, f.Remedy = doctor.Amber, err.Error(), "start it: mozpool serve; or give --server, if its API listens elsewhere"
	if refused := (*client.Problem)(nil); errors.As(err, &refused) { // it runs, and does not know us
		f.Remedy = "give --token; without it relay boards and logs are not looked at"
		return api, f, nil
	}
	return nil, f, nil
}

// askSources asks where the boards come from, if that is not the boards file.
func askSources(ctx context.Context, cfg config.Config) ([]inventory.Spec, []doctor.Finding, error) {
	all, err := server.Sources(cfg)
	if err != nil {
		return nil, nil, err
	}
	sources := make([]doctor.Source, len(all))
	for i, s := range all {
		sources[i] = s
	}
	boards, found := doctor.Ask(ctx, sources)
	return boards, found, nil
}

// readSite reads hardware types and, where no source of the inventory lists
// them, boards. A running server is asked for the types: to read them from the file is to
// hash every image, perhaps as another user than the server.
func readSite(ctx context.Context, s *doctor.Site, api *client.Client, boards []inventory.Spec) doctor.Finding {
	f := doctor.Finding{Check: "lists", Level: doctor.Green}
	wrong := func(err error) doctor.Finding {
		f.Level, f.Text, f.Remedy = doctor.Red, err.Error(), "correct the file; mozpool config check names all that is wrong"
		return f
	}
	var err error
	if s.Boards = boards; !s.Config.Inventory.Used() {
		var problems strictyaml.Problems
		s.Boards, problems, err = inventory.LoadFile(s.Config.Boards, server.ParsePower)
		if err == nil {
			err = problems.Err()
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return wrong(err)
		}
	}
	if s.Hardware, err = hardware(ctx, s.Config, api); err != nil {
		return wrong(err)
	}
	f.Text = fmt.Sprintf("%d boards, %d hardware types", len(s.Boards), len(s.Hardware))
	return f
}

func hardware(ctx context.Context, cfg config.Config, api *client.Client) (out []doctor.Hardware, err error) {
	if api != nil {
		if all, err := api.Hardware(ctx); err == nil {
			for _, h := range all {
				out = append(out, doctor.Hardware{Name: h.Name, Live: h.Live, FDT: h.FDT, Loader: images.Loader(h.Loader)})
			}
			return out, nil
		}
	}
	o, release, err := server.Images(cfg)
	if err != nil {
		return nil, err
	}
	defer release()
	catalogue, problems := images.Load(o)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	for _, h := range catalogue.Hardware() {
		out = append(out, doctor.Hardware{Name: h.Name, Live: h.Live, FDT: h.FDT, Loader: images.Loader(h.Loader)})
	}
	return out, nil
}

func writeJSON(w io.Writer, r doctor.Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// writeReport prints a line for each finding, and under it the remedy.
func writeReport(w io.Writer, r doctor.Report) error {
	var b strings.Builder
	for _, f := range r.Findings {
		where := f.Check
		if f.Subject != "" {
			where += " " + f.Subject
		}
		fmt.Fprintf(&b, "%-5s  %s: %s\n", f.Level, where, strings.TrimSpace(f.Text))
		if f.Remedy != "" {
			fmt.Fprintf(&b, "       -> %s\n", f.Remedy)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
