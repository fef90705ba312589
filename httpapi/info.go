package httpapi

// info says what the server is. Paths of its machine and secrets are not among it, since every viewer may ask.
func (s *Server) info(r *request) error {
	i := s.cfg.Info()
	i.Now = s.cfg.Clock().UTC()
	i.Racks = some(i.Racks)
	i.Boards = len(s.cfg.Fleet.Views())
	i.LogLevel = s.logLevel()
	i.Reasons = some(s.cfg.NotReady())
	i.Ready = len(i.Reasons) == 0
	return s.ok(r, i)
}
