package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	v1 "mozpool/httpapi/v1"
)

// ErrNoName says that something was to be asked about a thing without a name. The server would answer that there is
// nothing at such a path.
var ErrNoName = errors.New("the name is empty; write one")

// Problem is an answer that is no success, as the server explained it.
type Problem struct {
	v1.Problem
}

// commands are by which people see the lists that the API names, which has no commands.
var commands = strings.NewReplacer(
	"see the list of boards", "see: mozpool board list",
	"see the list of images", "see: mozpool image list",
	"see the list of hardware types", "see: mozpool hardware list",
	"see the list of artifacts", "see: mozpool artifact list",
	"see the list of incidents", "see: mozpool incident list",
	"see the list of relay boards", "see: mozpool relay list",
	"see the list of its attempts", "see: mozpool board attempts BOARD",
	"see the list of its dumps", "see: mozpool board dumps list BOARD",
)

// Error implements error: what is wrong, and what to do instead, for people at a command line.
func (p *Problem) Error() string {
	if p.Remedy == "" {
		return p.Detail
	}
	remedy := p.Remedy
	if p.Kind == v1.KindNotFound {
		remedy = commands.Replace(remedy)
	}
	if strings.Contains(p.Detail, "\n") { // a list: the remedy is not of its last line
		return p.Detail + "\n" + remedy
	}
	return p.Detail + "; " + remedy
}

// problemOf reads the problem of an answer; one from something that is no server of ours is described instead.
func problemOf(res *http.Response) error {
	p := &Problem{}
	data, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") && json.Unmarshal(data, &p.Problem) == nil {
		p.Status = res.StatusCode
		return p
	}
	p.Problem = v1.Problem{Status: res.StatusCode, Title: res.Status, Kind: v1.KindInternal,
		Detail: fmt.Sprintf("the server answered %s without saying why", res.Status),
		Remedy: "see that the address is that of a mozpool server and not of something before it"}
	return p
}
