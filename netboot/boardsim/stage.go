package boardsim

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// stage is what a simulated board understands of a second stage: the variables at its head, what is known of the
// artifacts, and the calls of its body.
type stage struct {
	urls      []string
	image     string
	syslog    string
	readback  string
	artifacts map[string]artifact
	writes    []write // in the order of the body
	reboots   bool
	does      deed
}

// deed is what a second stage is for.
type deed int

const (
	installs deed = iota
	maintains
	tests
)

type artifact struct {
	name, path, sha256, pack, unpacked string
	size, skip, length                 int64
	blocks, blocksSHA256               string // list of blocks; empty: none
	blockSize                          int64
}

// write is one mp_write of the body.
type write struct {
	artifact  string
	partition int // 0: the disk
}

var (
	variable = regexp.MustCompile(`(?m)^(MP_[A-Z]+)='([^']*)'$`)
	facts    = regexp.MustCompile(`(?m)^\t'([^']+)'\)\n\t\tA_PATH='([^']*)' A_SIZE=(\d+) A_SHA256='([^']*)' A_PACK='([^']*)'\n\t\tA_SKIP=(\d+) A_LEN=(\d+) A_UNPACKED='([^']*)'\n\t\tA_FILES='[^']*' A_FILES_SHA256='[^']*'\n\t\tA_BLOCKS='([^']*)' A_BLOCKS_SHA256='([^']*)' A_BLOCK=(\d+)`)
	call     = regexp.MustCompile(`(?m)^\s*mp_write '?([A-Za-z0-9._-]+)'? "(?:\$MP_DISK|\$\(mp_part (\d+)\))"`)
	waits    = regexp.MustCompile(`(?m)^\s*mp_event maintenance_up\b`)
	selfTest = regexp.MustCompile(`(?m)^\s*mp_event self_test_running\b`)
	reboot   = regexp.MustCompile(`(?m)^\s*mp_reboot\b|;\s*mp_reboot\b`)
)

// parseStage reads a second stage. A truncated one is an error, as it is for the first stage.
func parseStage(text string) (stage, error) {
	s := stage{artifacts: map[string]artifact{}}
	if !whole(text) {
		return s, fmt.Errorf("the second stage did not arrive whole (%d bytes)", len(text))
	}
	for _, m := range variable.FindAllStringSubmatch(text, -1) {
		switch m[1] {
		case "MP_URLS":
			s.urls = strings.Fields(m[2])
		case "MP_IMAGE":
			s.image = m[2]
		case "MP_SYSLOG":
			s.syslog = m[2]
		case "MP_READBACK":
			s.readback = m[2]
		}
	}
	for _, m := range facts.FindAllStringSubmatch(text, -1) {
		s.artifacts[m[1]] = artifact{name: m[1], path: m[2], size: number(m[3]), sha256: m[4], pack: m[5], skip: number(m[6]),
			length: number(m[7]), unpacked: m[8], blocks: m[9], blocksSHA256: m[10], blockSize: number(m[11])}
	}
	_, body, ok := strings.Cut(text, "\nmp_body() {\n")
	if !ok || len(s.urls) == 0 {
		return s, fmt.Errorf("the second stage has no body, or no server")
	}
	for _, m := range call.FindAllStringSubmatch(body, -1) {
		s.writes = append(s.writes, write{m[1], int(number(m[2]))})
	}
	s.reboots = reboot.MatchString(body)
	switch {
	case waits.MatchString(body):
		s.does = maintains
	case selfTest.MatchString(body):
		s.does = tests
	}
	return s, nil
}

// whole says whether all of a second stage has arrived, as the first stage tells it.
func whole(text string) bool { return strings.HasSuffix(text, "# end of second stage\n") }

// number reads digits that a pattern has matched; none are 0.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
