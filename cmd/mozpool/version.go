package main

import (
	"fmt"
	"runtime"
)

// Set by the Makefile.
var (
	version = "unknown"
	commit  = "unknown"
)

// versionCommand is "mozpool version".
type versionCommand struct{}

// Run prints version, commit and Go version.
func (versionCommand) Run() error {
	_, err := fmt.Printf("mozpool %s\ncommit %s\n%s %s/%s\n", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
