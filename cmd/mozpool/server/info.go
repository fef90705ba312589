package server

import (
	"cmp"
	"maps"
	"runtime"
	"slices"

	v1 "mozpool/httpapi/v1"
)

// info is what the server says of itself.
func (s *Server) info() v1.Server {
	i := v1.Server{Name: s.cfg.Server, Version: cmp.Or(s.opts.Version, "unknown"), Commit: cmp.Or(s.opts.Commit, "unknown"), Go: runtime.Version(),
		Began: s.begun.UTC(), API: s.APIURL(), Tokens: s.doors.gate != nil, Racks: slices.Sorted(maps.Keys(s.cfg.Racks))}
	if s.oldAPI != nil {
		i.OldAPI = s.oldAPI.URL()
	}
	return i
}
