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

// Error implements error: what is wrong, and what to do instead.
func (p *Problem) Error() string {
	if p.Remedy == "" {
		return p.Detail
	}
	if strings.Contains(p.Detail, "\n") { // a list: the remedy is not of its last line
		return p.Detail + "\n" + p.Remedy
	}
	return p.Detail + "; " + p.Remedy
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
