package server

import (
	"path/filepath"

	"mozpool/netboot/images"
	"mozpool/netboot/images/imports"
)

// imports brings files by their URL to the uploads. What is not whole lies where the catalogue's fetches lie, so that the
// janitor clears it away if nobody goes on with it.
func (s *Server) imports() *imports.Importer {
	return imports.New(imports.Config{Uploads: s.uploads, Dir: filepath.Join(s.cfg.Data, "store", images.MadeFolder), Clock: s.opts.Clock, Logger: s.log})
}
