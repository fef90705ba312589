package httpapi

import (
	"errors"
	"fmt"
	"strings"

	"github.com/valyala/fasthttp"

	"mozpool/actors"
	"mozpool/httpapi/access"
	v1 "mozpool/httpapi/v1"
)

// admit finds out who asks, and whether they may.
func (s *Server) admit(r *request, rt route) error {
	need := needOf(rt.method, rt.path)
	if need == access.Nobody {
		return nil
	}
	by, err := s.cfg.Identify(r.raw)
	if err != nil {
		return err
	}
	r.by, r.who = by, by.Name
	if !by.May(need) {
		return forbidden(by, need)
	}
	if need > access.Viewer && by.Racks != nil {
		return s.inScope(r, rt)
	}
	return nil
}

func forbidden(by access.Caller, need access.Role) error {
	return &apiError{v1.KindForbidden, fmt.Sprintf("%s is %s, and this takes %s", by.Name, by.Role, need), "use a token of that role, see: mozpool token list"}
}

// inScope refuses to those whose token is for some racks whatever is no board of theirs.
func (s *Server) inScope(r *request, rt route) error {
	if rt.path == bulkPath {
		return nil // it looks at each board
	}
	if !strings.HasPrefix(rt.path, boardsPath+"/{name}") {
		return &apiError{v1.KindForbidden, fmt.Sprintf("%s may change boards of %s only", r.who, strings.Join(r.by.Racks, ", ")), "use a token without racks"}
	}
	v, err := s.find(r.name)
	if err != nil || r.by.MayChange(v.Spec.Rack) {
		return err
	}
	return outOfScope(r.by, v)
}

func outOfScope(by access.Caller, v *actors.View) error {
	return &apiError{v1.KindForbidden, fmt.Sprintf("%s may not change boards of rack %s", by.Name, v.Spec.Rack), "use a token for that rack"}
}

const boardsPath = v1.Prefix + "/boards"

// needOf is the role that a route takes. Whether the process lives and what the API is like is no secret; what is about single
// boards, relays, wiring and incidents is an operator's daily work; all other changes are the administrator's.
func needOf(method, path string) access.Role {
	switch {
	case path == "/livez" || path == "/readyz" || strings.HasPrefix(path, describePath+"."):
		return access.Nobody
	case method == "GET":
		return access.Viewer
	}
	for _, daily := range []string{boardsPath, bulkPath, v1.Prefix + "/relays", v1.Prefix + "/incidents", v1.Prefix + "/racks"} {
		if path == daily || strings.HasPrefix(path, daily+"/") || strings.HasPrefix(path, daily+":") {
			return access.Operator
		}
	}
	return access.Admin
}

// audited tells of a change that was asked for, and what became of it.
func (s *Server) audited(by access.Caller, what string, do func() error) error {
	err := do()
	change := access.Change{At: s.cfg.Clock().UTC(), Who: by.Name, From: by.From, What: what, Result: "done"}
	if err != nil {
		change.Result = string(problemOf(err).Kind)
	}
	s.cfg.Audit(change)
	return err
}

// Tokens is an Identify that asks for a bearer token.
func Tokens(gate *access.Gate) func(*fasthttp.RequestCtx) (access.Caller, error) {
	return func(c *fasthttp.RequestCtx) (access.Caller, error) {
		by, err := gate.Identify(string(c.Request.Header.Peek(fasthttp.HeaderAuthorization)), c.RemoteIP().String())
		switch {
		case errors.Is(err, access.ErrTooMany):
			return by, &apiError{v1.KindTooMany, err.Error(), "wait, then send a token that is known"}
		case err != nil:
			return by, &apiError{v1.KindNoToken, err.Error(), "send Authorization: Bearer TOKEN (mozpool --token, or MOZPOOL_TOKEN)"}
		}
		return by, nil
	}
}
