package httpapi

import (
	"strings"

	"github.com/valyala/fasthttp"

	v1 "mozpool/httpapi/v1"
)

// livez says that the process answers; a supervisor restarts one that does not.
func (s *Server) livez(r *request) error {
	return s.ok(r, map[string]string{"status": "ok"})
}

// unready is the problem of a server that cannot do its work now.
type unready struct {
	v1.Problem
	v1.Readiness
}

// readyz says whether the server can do its work now, and if not, every reason.
func (s *Server) readyz(r *request) error {
	reasons := some(s.cfg.NotReady())
	if s.closing.Load() {
		reasons = append(reasons, "the server is stopping")
	}
	if len(reasons) == 0 {
		return s.ok(r, v1.Readiness{Ready: true, Reasons: reasons, Remarks: some(s.cfg.Remarks())})
	}
	p := problemOf(&apiError{v1.KindUnavailable, strings.Join(reasons, "; "), "wait, or see to the reasons"})
	s.write(r.raw, fasthttp.StatusServiceUnavailable, problemType, unready{p, v1.Readiness{Reasons: reasons, Remarks: some(s.cfg.Remarks())}})
	return nil
}

// reload reads boards and images again.
func (s *Server) reload(r *request) error {
	if err := r.noBody(); err != nil {
		return err
	}
	if s.cfg.Reload != nil {
		if err := s.cfg.Reload(r.ctx); err != nil {
			return err
		}
	}
	return s.ok(r, map[string]string{"status": "reloaded"})
}
