// Package live holds everything that runs on a board while it is imaged: the
// first stage of the live environment, the library and the scripts of the
// second stage, and the builder that makes a live environment (kernel and
// initrd) from Debian packages.
//
// It decides how a board talks to its server, when it may touch its card, and
// what it calls written. It refuses scripts that do not parse, variables that
// are missing or impossible, and, on the board, every write that the server did
// not allow or that would reach a kept area. It opens no socket and knows
// neither boards nor images: package netboot calls SecondStage for each boot
// and CheckScript when images are loaded; the command line calls Build.
package live

import (
	"embed"
	"fmt"
)

// scripts are the files that run on boards, POSIX sh for busybox ash and dash.
//
//go:embed scripts
var scripts embed.FS

// libraries are the parts of the second stage's library, in their order.
var libraries = []string{"lib-talk.sh", "lib-disk.sh", "lib-fetch.sh", "lib-write.sh", "lib-delta.sh"}

// script returns an embedded script; a missing one is a mistake of the build.
func script(name string) string {
	text, err := scripts.ReadFile("scripts/" + name)
	if err != nil {
		panic(fmt.Sprintf("live: embedded script %s: %v", name, err))
	}
	return string(text)
}
