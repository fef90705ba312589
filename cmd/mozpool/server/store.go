package server

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"mozpool/actors"
	"mozpool/netboot/dumps"
	"mozpool/netboot/images"
	"mozpool/netboot/images/uploads"
	"mozpool/persistence"
	"mozpool/persistence/trail"
)

// store opens the data folder; its lock keeps a second server out.
func (s *Server) store(ctx context.Context) error {
	if err := persistence.ClaimData(s.cfg.Data); err != nil {
		return err
	}
	if err := s.openJournal(ctx); err != nil {
		return err
	}
	logs, err := persistence.OpenLogs(filepath.Join(s.cfg.Data, "logs"), persistence.LogOptions{Logger: s.log, Now: s.opts.Clock, Metrics: s.metrics.stores})
	if err != nil {
		return fmt.Errorf("open the boards' logs: %w", err)
	}
	s.logs = logs
	s.closers = append(s.closers, logs.Close)
	trails, err := trail.Open(filepath.Join(s.cfg.Data, "attempts"), s.log)
	if err != nil {
		return err
	}
	s.trails = trails
	s.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "mozpool_persistence_trail_dropped_total",
		Help: "Lines of attempts' details that were dropped: the disk was too slow."}, func() float64 { return float64(trails.Lost()) }))
	s.closers = append(s.closers, trails.Close)
	if s.uploads, err = uploads.Open(filepath.Join(s.cfg.Data, "store", images.UploadFolder)); err != nil {
		return err
	}
	s.openJanitor()
	if s.cluster != nil {
		s.cluster.shared.Store(newShared(s.uploads, s.cluster.member, s))
	}
	return s.openDumps()
}

// openDumps opens the folder of crash dumps, if boards may write any.
func (s *Server) openDumps() (err error) {
	if c := s.cfg.CrashDumps; c.PerBoard > 0 {
		s.dumps, err = dumps.Open(dumps.Config{Dir: filepath.Join(s.cfg.Data, "dumps"), File: int64(c.File), PerBoard: int64(c.PerBoard), Clock: s.opts.Clock})
	}
	return err
}

// openJournal opens the journal: a server's own, or where it is of a cluster, or was, its part in the cluster's, which
// takes the own one over.
func (s *Server) openJournal(ctx context.Context) error {
	path := filepath.Join(s.cfg.Data, "journal")
	if s.cfg.Cluster.Enabled() || persistence.Replicated(path) {
		return s.openMember(ctx)
	}
	journal, err := persistence.OpenLocal(path, persistence.Options{Logger: s.log, Metrics: s.metrics.stores})
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	s.journal = journal
	s.closers = append(s.closers, journal.Close)
	return nil
}

// openFleet makes the boards of a server by itself.
func (s *Server) openFleet() {
	s.fleet = actors.New(s.fleetConfig())
	s.registry.MustRegister(s.fleet.Collector())
	s.boards, s.load, s.stopBoards = s.fleet, s.fleet.Load, s.fleet.Stop
}
