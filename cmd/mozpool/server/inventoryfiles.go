package server

// inventoryFiles are the sources of boards that are files of this machine: a change of one brings a sync.
func (s *Server) inventoryFiles() (paths []string) {
	for _, c := range s.cfg.Inventory.Sources {
		if c.File != "" {
			paths = append(paths, c.File)
		}
	}
	return paths
}
