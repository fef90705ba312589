package main

import (
	"fmt"

	"github.com/alecthomas/kong"

	"mozpool/cmd/mozpool/cli"
)

// program is the whole command line.
type program struct {
	cli.CLI
	Serve   serveCommand      `cmd:"" help:"Run an imaging server."`
	Demo    demoCommand       `cmd:"" help:"Image a simulated rack, with a server of its own on loopback."`
	Config  configCommand     `cmd:"" help:"Check a configuration, or print one."`
	Live    liveCommand       `cmd:"" help:"Make a live environment."`
	Doctor  doctorCommand     `cmd:"" help:"Look for what keeps boards from booting, on the server's own machine."`
	Loader  loaderCommand     `cmd:"" help:"Say what boards' loaders must be told."`
	Tokens  tokenCommand      `cmd:"" name:"token" help:"Make, list and revoke bearer tokens."`
	Shell   completionCommand `cmd:"" name:"completion" help:"Print what a shell reads to complete commands: source <(mozpool completion bash)."`
	Manual  manualCommand     `cmd:"" hidden:"" help:"Write the manual page and the completions."`
	Version versionCommand    `cmd:"" help:"Print version, commit and Go version."`
}

func newParser(p *program) (*kong.Kong, error) {
	p.Image.Plugins = kong.Plugins{&imageFiles{}}
	p.Cluster.Plugins = kong.Plugins{&clusterFiles{}}
	p.Self.Plugins = kong.Plugins{&serverFiles{}}
	k, err := kong.New(p, kong.Name("mozpool"),
		kong.Description("Imaging servers for racks of unreliable boards."),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}))
	if err != nil {
		return nil, fmt.Errorf("build the command line: %w", err)
	}
	return k, nil
}
