package main

import (
	"fmt"
	"os"

	"mozpool/cmd/mozpool/config"
	"mozpool/cmd/mozpool/server"
)

// configCommand is "mozpool config".
type configCommand struct {
	Check   configCheck   `cmd:"" help:"Read a configuration, its boards and its images, and report everything that is wrong."`
	Default configDefault `cmd:"" help:"Print a configuration with every key explained; --server is the server's name."`
}

type configCheck struct {
	File string `arg:"" help:"mozpool.yaml."`
}

// Run checks the files without touching a socket or the data folder.
func (c *configCheck) Run() error {
	cfg, remarks, err := loadConfig(c.File, config.Overrides{})
	if err != nil {
		return err
	}
	said, err := server.Check(cfg)
	if err != nil {
		return usageError{err}
	}
	for _, r := range append(remarks, said...) {
		fmt.Println("remark:", r)
	}
	fmt.Println(c.File + ": ok")
	return nil
}

// loadConfig reads a configuration under the environment and flags.
func loadConfig(path string, flags config.Overrides) (config.Config, []config.Remark, error) {
	cfg, problems, remarks := config.Load(path, config.FromEnvironment(os.Getenv), flags)
	if err := problems.Err(); err != nil {
		return cfg, nil, usageError{fmt.Errorf("%s cannot be used:\n%w", path, err)}
	}
	return cfg, remarks, nil
}

// configDefault takes the server's name from the shared flag --server.
type configDefault struct {
	Data   string  `placeholder:"DIR" help:"Folder that the server writes to."`
	Files  string  `placeholder:"DIR" help:"Folder that boards are served from."`
	Listen string  `placeholder:"ADDRESS" help:"The server's address in the rack."`
	HTTP   *uint16 `placeholder:"PORT" help:"The rack's HTTP port."`
	TFTP   *uint16 `placeholder:"PORT" help:"The rack's TFTP port."`
	Syslog *uint16 `placeholder:"PORT" help:"The rack's syslog port."`
}

// Run prints the file.
func (c *configDefault) Run(p *program) error {
	return config.WriteDefault(os.Stdout, config.DefaultOptions{Server: p.Server, Data: c.Data, Files: c.Files, Listen: c.Listen,
		HTTP: c.HTTP, TFTP: c.TFTP, Syslog: c.Syslog})
}
