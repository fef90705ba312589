package httpapi

import (
	"errors"
	"fmt"
	"os"

	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/dumps"
)

// Dumps are the crash dumps that boards left on this server. *dumps.Store is one.
type Dumps interface {
	List(board string) ([]dumps.File, error)
	Read(board, name string) (*os.File, error) // dumps.ErrNone: there is none of this name
	Delete(board, name string) error           // likewise
}

func (s *Server) dumpRoutes() []route {
	const all = boardsPath + "/{name}/dumps"
	return []route{
		{"GET", all, nil, s.listDumps},
		{"GET", all + "/{dump}", nil, s.readDump},
		{"POST", all + "/{dump}/delete", nil, s.deleteDump},
	}
}

// listDumps shows a board's crash dumps, the oldest first.
func (s *Server) listDumps(r *request) error {
	if _, err := s.find(r.name); err != nil {
		return err
	}
	out := v1.Dumps{Dumps: []v1.Dump{}}
	if s.cfg.Dumps == nil {
		return s.ok(r, out)
	}
	all, err := s.cfg.Dumps.List(r.name)
	if err != nil {
		return err
	}
	for _, f := range all {
		out.Dumps = append(out.Dumps, v1.Dump{Name: f.Name, Size: f.Size, At: f.At.UTC()})
	}
	return s.ok(r, out)
}

// readDump answers with the bytes of a crash dump.
func (s *Server) readDump(r *request) error {
	name, err := s.dumpOf(r)
	if err != nil {
		return err
	}
	f, err := s.cfg.Dumps.Read(r.name, name)
	if err != nil {
		return noDump(r, name, err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("crash dump %s of %s: %w", name, r.name, err), f.Close())
	}
	r.raw.SetContentType("application/octet-stream")
	r.raw.Response.Header.Set("Content-Disposition", `attachment; filename="`+name+`"`) // names are letters, digits and . _ -
	r.raw.SetBodyStream(f, int(info.Size()))                                            // which closes it
	return nil
}

func (s *Server) deleteDump(r *request) error {
	if err := r.noBody(); err != nil {
		return err
	}
	name, err := s.dumpOf(r)
	if err != nil {
		return err
	}
	if err := s.cfg.Dumps.Delete(r.name, name); err != nil {
		return noDump(r, name, err)
	}
	return s.ok(r, struct {
		Status string `json:"status"`
	}{"ok"})
}

// dumpOf is the dump that the path names, of a board that there is.
func (s *Server) dumpOf(r *request) (string, error) {
	if _, err := s.find(r.name); err != nil {
		return "", err
	}
	name := param(r.raw, "dump")
	if s.cfg.Dumps == nil {
		return "", noDump(r, name, dumps.ErrNone)
	}
	return name, nil
}

func noDump(r *request, name string, err error) error {
	if errors.Is(err, dumps.ErrNone) {
		return &apiError{v1.KindNotFound, fmt.Sprintf("board %s left no crash dump %q on this server", r.name, name), "see the list of its dumps; another server may have it"}
	}
	return err
}
